// Asks the device for a passkey, and sends its answer with the form that the button stands in. Without scripts, or in
// a browser that knows no passkeys, the form stays hidden and the page's other ways are there.
const READY = "PublicKeyCredential" in window && "parseCreationOptionsFromJSON" in PublicKeyCredential;

async function optionsFor(form) {
  const answer = await fetch(form.dataset.kitPasskeyOptions, {
    method: "POST",
    body: new URLSearchParams({ csrf_token: form.elements.namedItem("csrf_token").value }),
    credentials: "same-origin",
    redirect: "error",
  });
  if (!answer.ok) {
    throw new Error(String(answer.status));
  }
  return answer.json();
}

async function ask(form) {
  const options = await optionsFor(form);
  if (form.dataset.kitPasskey === "add") {
    return navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) });
  }
  return navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
}

function wake(form) {
  const failed = form.querySelector("[data-kit-passkey-failed]");
  let asking = false;

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (asking) {
      return;
    }
    asking = true;
    failed.hidden = true;
    try {
      const answer = await ask(form);
      form.elements.namedItem("passkey").value = JSON.stringify(answer.toJSON());
      // Not requestSubmit(): that would come here again.
      HTMLFormElement.prototype.submit.call(form);
    } catch {
      // Cancelled, timed out, none there, or not allowed: the browser tells nobody which.
      failed.hidden = false;
      asking = false;
    }
  });
  form.hidden = false;
}

if (READY) {
  document.querySelectorAll("form[data-kit-passkey]").forEach(wake);
  document.querySelectorAll("[data-kit-passkey-missing]").forEach((each) => {
    each.hidden = true;
  });
}

// Says with a form whether this device could hold a passkey itself: only then is one offered later.
document.querySelectorAll("input[data-kit-passkey-possible]").forEach(async (field) => {
  if (READY && (await PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable())) {
    field.value = "yes";
  }
});
