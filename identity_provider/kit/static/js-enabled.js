// Says to the style sheet that scripts run. A file of its own because the pages allow no inline script.
document.body.className +=
  " js-enabled" + ("noModule" in HTMLScriptElement.prototype ? " govuk-frontend-supported" : "");
