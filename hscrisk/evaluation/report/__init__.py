"""Reports of evaluations: one page in HTML and in Markdown, with the figures of a paper."""

from hscrisk.evaluation.report.blocks import Page
from hscrisk.evaluation.report.bootstrap import Bootstrap
from hscrisk.evaluation.report.header import About
from hscrisk.evaluation.report.html import render_html, standalone
from hscrisk.evaluation.report.markdown import render_markdown
from hscrisk.evaluation.report.page import evaluation_page
from hscrisk.evaluation.report.write import write_report

__all__ = [
    "About",
    "Bootstrap",
    "Page",
    "evaluation_page",
    "render_html",
    "render_markdown",
    "standalone",
    "write_report",
]
