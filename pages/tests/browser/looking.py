"""What a page must be for everyone: by axe, by its width, and by what the policy reports."""

import json

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

SERIOUS = ("serious", "critical")
# what fades in or out has no colour of its own yet
SETTLED = """() => Promise.allSettled(document.getAnimations()
    .filter((one) => one instanceof CSSTransition).map((one) => one.finished)).then(() => true)"""


def serious_faults(page: Page) -> list[str]:
    """Give what axe finds that is serious, with the elements."""
    page.evaluate(SETTLED)
    found = Axe().run(page).response["violations"]
    return [
        f"{fault['id']}: {json.dumps([node['target'] for node in fault['nodes'][:3]])}"
        for fault in found
        if fault["impact"] in SERIOUS
    ]


def scrolls_sideways(page: Page) -> list[str]:
    """Name what is wider than the window, where anything is."""
    return page.evaluate(
        """() => document.documentElement.scrollWidth <= innerWidth ? [] :
            [...document.querySelectorAll("body *")]
                .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
                .slice(0, 5).map((one) => `${one.tagName}.${one.className}`)"""
    )


def said_by_the_policy(page: Page) -> list[str]:
    return page.evaluate("() => [...window.violations, ...window.ran]")
