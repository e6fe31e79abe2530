"""Clicks whose answer never comes back to the browser, as when the network is cut or a second click is quicker."""

from __future__ import annotations

from urllib.parse import urljoin

from tests.kit.page import Browser

COOKIES = ("browser", "session", "staff_session")


def lose_the_answer(browser: Browser, **fields: str) -> None:
    """Send the form of the page, and lose the answer: it leads nowhere, and the cookies are those from before."""
    assert browser.page is not None
    form, here = browser.page.form(), browser.page.response.request.full_path.rstrip("?")
    kept = {name: browser.client.get_cookie(name) for name in COOKIES}
    with browser.app.app_context():
        lost = browser.client.post(urljoin(here, form.action or here), data={**form.values, **fields})
    assert lost.status_code == 303, lost.status
    for name, cookie in kept.items():
        if cookie is None:
            browser.client.delete_cookie(name)
        else:
            browser.client.set_cookie(name, cookie.value)
