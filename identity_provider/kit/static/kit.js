// Wakes GOV.UK Frontend's components and shows the warning before a session ends. Every page works without it.
import { initAll } from "./govuk-frontend.min.js";

const MINUTE = 60 * 1000;

function warnBeforeTimeout(warning) {
  const endsAt = Date.now() + Number(warning.dataset.secondsLeft) * 1000;
  const warnFrom = endsAt - Number(warning.dataset.warnSeconds) * 1000;
  const minutes = warning.querySelector("[data-minutes]");

  function look() {
    const left = endsAt - Date.now();
    if (left <= 0) {
      // Not reload(): that would ask whether to send a form again.
      window.location.assign(warning.querySelector("a").href);
      return;
    }
    if (Date.now() >= warnFrom) {
      minutes.textContent = String(Math.max(1, Math.ceil(left / MINUTE)));
      warning.hidden = false;
    }
    window.setTimeout(look, Math.min(15 * 1000, left));
  }

  look();
}

// A form without an address of its own is sent to the page's, fragment included ("Skip to main content" leaves one).
// The page that comes back would then scroll there at its end, and take the focus away from the error summary.
function forgetFragment() {
  if (window.location.hash) {
    window.history.replaceState(window.history.state, "", window.location.pathname + window.location.search);
  }
}

initAll();
document.addEventListener("submit", forgetFragment);
document.querySelectorAll("[data-kit-timeout]").forEach(warnBeforeTimeout);
