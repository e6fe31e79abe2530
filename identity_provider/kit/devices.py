"""The kind of browser and of device that somebody sits at: enough to know one's own again, and nothing more."""

from __future__ import annotations

from flask_babel import gettext as _

# In this order: most browsers name the ones that they want to be taken for, too.
_BROWSERS = (
    *(("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Firefox", "Firefox")),
    *(("FxiOS", "Firefox"), ("CriOS", "Chrome"), ("Chrome", "Chrome"), ("Safari", "Safari")),
)
_DEVICES = (
    *(("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows")),
    *(("CrOS", "Chromebook"), ("Macintosh", "Mac"), ("Linux", "Linux")),
)


def device_of(user_agent: str) -> str:
    """`Firefox/Windows`; a part that is not known is empty."""
    return f"{_first(_BROWSERS, user_agent)}/{_first(_DEVICES, user_agent)}"


def device_words(device: str) -> str:
    """The same as a person would say it."""
    browser, _slash, system = device.partition("/")
    if browser and system:
        return str(_("%(browser)s on %(system)s", browser=browser, system=system))
    return browser or system or str(_("A device that we do not know"))


def _first(known: tuple[tuple[str, str], ...], user_agent: str) -> str:
    return next((name for sign, name in known if sign in user_agent), "")
