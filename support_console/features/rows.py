"""The rows of the pages of features."""

from __future__ import annotations

from flask import url_for
from flask_babel import gettext as _
from markupsafe import Markup

from identity_provider.domain.features import FEATURES, Feature
from identity_provider.kit.feature_states import setting_against
from identity_provider.kit.written import written_moment
from identity_provider.models import FeatureSwitch
from identity_provider.services import features
from support_console.actors import name_of
from support_console.features.words import WORDS


def name_in_words(feature: Feature) -> str:
    """What a feature is called."""
    return str(_(WORDS[feature].name))


def listed(feature: Feature) -> list[str]:
    """One feature in the list of them."""
    rows = features.switched(feature)
    general = next((each for each in rows if not each.client_id), None)
    address = url_for("support.features.show", feature=feature.value)
    link = Markup('<a class="govuk-link" href="{}">{}</a>').format(address, name_in_words(feature))
    own = str(len([each for each in rows if each.client_id]))
    return [link, standing(feature), own, _since(general)]


def own_switch(row: FeatureSwitch, service: str) -> list[str]:
    """A service's own switch."""
    return [service, state(is_on=row.is_on), _since(row), row.reason]


def details_of(feature: Feature) -> list[dict[str, str]]:
    """How a feature stands in general."""
    general = next((each for each in features.switched(feature) if not each.client_id), None)
    rows = {
        _("State"): standing(feature),
        _("Without a switch it is"): state(is_on=FEATURES[feature].default),
        _("Switched"): _since(general),
    }
    if general is not None:
        rows[_("Reason")] = general.reason
    return [{"key": key, "value": str(value)} for key, value in rows.items()]


def standing(feature: Feature) -> str:
    """How it really stands: of no use is a switch that is on where the operator's settings keep the feature off."""
    setting = setting_against(feature)
    if setting and features.is_on(feature):
        return str(_("Off: switched on here, but the setting %(setting)s does not allow it", setting=setting))
    return state(is_on=features.is_on(feature))


def state(*, is_on: bool) -> str:
    """On or off."""
    return str(_("On") if is_on else _("Off"))


def _since(row: FeatureSwitch | None) -> str:
    if row is None:
        return str(_("Never"))
    return str(_("%(when)s by %(who)s", when=written_moment(row.changed_at), who=name_of(row.changed_by)))
