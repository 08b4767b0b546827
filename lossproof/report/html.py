"""The audit as one self-contained HTML file."""

from html import escape

from ..advantage import everything as of_estimators
from ..auditor import Report
from ..properties import everything
from .audit import HEADINGS
from .words import IDLE, sentence

STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}
h1{font-size:1.3rem}h2{font-size:1.05rem;margin-top:2rem}table{border-collapse:collapse;width:100%}
td,th{text-align:left;vertical-align:top;padding:.35rem .6rem;border-bottom:1px solid #ddd}
code{font-family:ui-monospace,monospace}
.refuted{color:#a40000}.proved{color:#1c6b1c}.unknown{color:#8a5a00}.tested{color:#00567a}.not-applicable{color:#777}
@media(prefers-color-scheme:dark){body{background:#16181b;color:#e4e4e4}td,th{border-color:#3a3d42}
.refuted{color:#ff8a80}.proved{color:#8bd48b}.unknown{color:#ffcf70}.tested{color:#7fcdee}}
"""


def page(report: Report) -> str:
    """The report as HTML text."""
    order = {i: p.harm for i, p in (everything() | of_estimators()).items()}
    body = [
        f"<h1>lossproof audit: <code>{escape(report.target)}</code></h1>",
        f"<p>{report.kind}, group {report.group}, lengths 1..{report.length}</p>",
    ]
    if report.row:
        cells = "".join(f"<tr><th>{escape(k)}</th><td><code>{escape(v)}</code></td></tr>" for k, v in report.row.items())
        body.append(f"<h2>Its row of Table 1</h2><table>{cells}</table>")
    for m in report.matches:
        factor = f" (factor {escape(m['factor'])})" if m["relation"] == "proportional" else ""
        body.append(f"<p class=proved>{m['relation']}{factor} to the built-in <code>{escape(m['objective'])}</code></p>")
    for verdict, heading in HEADINGS.items():
        chosen = sorted((f for f in report.findings if f.verdict == verdict), key=lambda f: order.get(f.id, 50))
        if not chosen:
            continue
        rows = []
        for f in chosen:
            said = (
                sentence(f.witness) if f.verdict == "refuted" and f.witness else "; ".join(x for x in (f.method, f.reason) if x)
            )
            extra = f"<br><code>{escape(f.formula)}</code>" if f.formula else ""
            rows.append(
                f"<tr><td><code>{f.id}</code></td><td>{escape(f.statement)}</td><td>{escape(said)}{extra}</td><td>{escape(f.scope)}</td></tr>"
            )
        head = "<tr><th>property</th><th>statement</th><th>witness or method</th><th>scope</th></tr>"
        body.append(f"<h2 class={verdict}>{heading} ({len(chosen)})</h2><table>{head}{''.join(rows)}</table>")
    if report.inert:
        rows = [
            f"<tr><td><code>{k.knob}</code></td><td>{escape(', '.join(map(str, k.values)))}</td>"
            f"<td><code>{escape(k.target)}</code></td><td class={k.verdict}>{k.verdict}</td><td>{escape(k.scope)}</td></tr>"
            for k in report.inert
        ]
        head = "<tr><th>knob</th><th>values</th><th>in</th><th>verdict</th><th>scope</th></tr>"
        body.append(f"<h2>{IDLE[report.kind]}</h2><table>{head}{''.join(rows)}</table>")
    title = f"lossproof: {escape(report.target)}"
    head = f"<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title><style>{STYLE}</style>"
    return f"{head}<body>{''.join(body)}</body></html>"
