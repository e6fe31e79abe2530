"""Yes and no as answers to a question: Welsh has no word for either, and answers with the verb that was asked with."""

from __future__ import annotations

from flask_babel import pgettext
from flask_babel.speaklater import LazyString

YES, NO = "yes", "no"

# To "Have you …?", "Do you work …?": what the person is, does or has done.
HAVE_YOU = {YES: LazyString(lambda: pgettext("have you", "Yes")), NO: LazyString(lambda: pgettext("have you", "No"))}

# To "Do you have a …?": what is there.
IS_THERE = {
    YES: LazyString(lambda: pgettext("is there", "Yes")),
    NO: LazyString(lambda: pgettext("is there", "No, or I do not know it")),
}

# To "Could it …?"
COULD_IT = {YES: LazyString(lambda: pgettext("could it", "Yes")), NO: LazyString(lambda: pgettext("could it", "No"))}

# To "Was it …?", of what once happened.
WAS_IT = {YES: LazyString(lambda: pgettext("was it", "Yes")), NO: LazyString(lambda: pgettext("was it", "No"))}
