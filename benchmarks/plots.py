"""Line plots as SVG, both axes logarithmic: the same figures make the same text.

Written out here, because the libraries that do this bring much into everybody's environment for two still pictures:
matplotlib ten packages with NumPy and Pillow among them, pygal three more, one of which hooks Python's imports; leather
has no logarithmic axes.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

Point = tuple[float, float]

WIDTH, HEIGHT = 720, 440
LEFT, RIGHT, TOP, BOTTOM = 80, 20, 40, 60
LEGEND_LINE = 18
# Okabe and Ito's colours, which people with colour-blindness can tell apart (https://jfly.uni-koeln.de/color/).
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")


@dataclass(frozen=True, slots=True)
class Plot:
    """Lines through points greater than zero."""

    title: str
    x_label: str
    y_label: str
    lines: Mapping[str, Sequence[Point]]
    """By name."""

    def svg(self) -> str:
        points = [point for line in self.lines.values() for point in line]
        across = _Axis.over([x for x, _ in points], LEFT, WIDTH - RIGHT)
        up = _Axis.over([y for _, y in points], HEIGHT - BOTTOM, TOP)
        height = HEIGHT + LEGEND_LINE * len(self.lines)
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
            ' font-family="sans-serif" font-size="13">',
            f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
            _text(LEFT, 24, self.title, size=16),
            *(part for x in across.ticks for part in _vertical(across.at(x), x)),
            *(part for y in up.ticks for part in _horizontal(up.at(y), y)),
            _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 16, self.x_label, anchor="middle"),
            _text(16, (TOP + HEIGHT - BOTTOM) / 2, self.y_label, anchor="middle", turned=True),
        ]
        for number, (name, line) in enumerate(self.lines.items()):
            colour = COLOURS[number % len(COLOURS)]
            parts += _line([(across.at(x), up.at(y)) for x, y in line], colour)
            below = HEIGHT + LEGEND_LINE * number
            parts.append(f'<rect x="{LEFT}" y="{below - 10}" width="12" height="12" fill="{colour}"/>')
            parts.append(_text(LEFT + 20, below, name))
        return "\n".join([*parts, "</svg>", ""])


@dataclass(frozen=True, slots=True)
class _Axis:
    """From a power of ten to another one."""

    first: int
    last: int
    start: float
    end: float

    @classmethod
    def over(cls, values: Sequence[float], start: float, end: float) -> "_Axis":
        first = math.floor(math.log10(min(values)))
        return cls(first, max(math.ceil(math.log10(max(values))), first + 1), start, end)

    @property
    def ticks(self) -> Iterator[float]:
        return (10.0**power for power in range(self.first, self.last + 1))

    def at(self, value: float) -> float:
        return self.start + (math.log10(value) - self.first) / (self.last - self.first) * (self.end - self.start)


def _line(places: Sequence[Point], colour: str) -> Iterator[str]:
    drawn = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    yield f'<polyline points="{drawn}" fill="none" stroke="{colour}" stroke-width="2"/>'
    for x, y in places:
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>'


def _vertical(x: float, value: float) -> Iterator[str]:
    yield f'<path d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="#ddd"/>'
    yield _text(x, HEIGHT - BOTTOM + 18, f"{value:,g}", anchor="middle")


def _horizontal(y: float, value: float) -> Iterator[str]:
    yield f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>'
    yield _text(LEFT - 8, y + 4, f"{value:,g}", anchor="end")


def _text(x: float, y: float, text: str, *, anchor: str = "start", size: int = 13, turned: bool = False) -> str:
    turn = f' transform="rotate(-90 {x:.1f} {y:.1f})"' if turned else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}"{turn}>{escape(text)}</text>'
