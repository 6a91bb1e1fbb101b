"""Writes the site into the folder `site`, as a site generator does: 200 files."""

from pathlib import Path

SITE = Path("site")
TOPICS = 180


def write(name: str, content: str) -> None:
    path = SITE / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)


def page(title: str, body: str) -> str:
    return f"<!doctype html><title>{title}</title><link rel=stylesheet href=/assets/site.css><h1>{title}</h1>{body}\n"


links = "".join(f"<li><a href=/topics/{number:03}.html>Topic {number}</a>" for number in range(TOPICS))
write("index.html", page("Documentation", f"<ul>{links}</ul>"))
for number in range(TOPICS):
    more = "<p>New in this release." if number % 3 == 0 else ""
    write(f"topics/{number:03}.html", page(f"Topic {number}", f"<p>What there is to know about topic {number}.{more}"))
for number in range(10):
    write(f"guides/{number}.html", page(f"Guide {number}", "<p>First do this."))
write("assets/site.css", "h1 { font-size: 3rem }\n")
write("assets/search.js", "export const search = () => []\n")
for size in (16, 32, 64, 128):
    write(f"assets/icon-{size}.svg", f'<svg xmlns="http://www.w3.org/2000/svg" width="{size}" height="{size}"/>\n')
write("robots.txt", "User-agent: *\nAllow: /\n")
write("sitemap.xml", "<urlset/>\n")
write("errors/404.html", page("Not found", ""))
