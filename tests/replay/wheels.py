"""Python packages made on the spot, so that nothing has to be fetched."""

import zipfile
from collections.abc import Mapping
from pathlib import Path


def write_wheel(folder: Path, name: str, files: Mapping[str, str]) -> Path:
    """A pure wheel of version 1.0 with these files; its path."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}-1.0-py3-none-any.whl"
    about = f"{name}-1.0.dist-info"
    described = {
        **files,
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{file},,\n" for file in (*described, f"{about}/RECORD"))
    with zipfile.ZipFile(path, "w") as wheel:
        for file, content in {**described, f"{about}/RECORD": record}.items():
            wheel.writestr(file, content)
    return path
