// Sends the form that only carries something on. Without scripts the person presses its button.
document.querySelector("form[data-send-at-once]").submit();
