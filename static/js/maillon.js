// Small comforts around pages that all work without them: keys, focus on errors, confirmation, CSRF in fragments.
(() => {
  "use strict";

  const typing = (target) => target.closest("input, select, textarea, [contenteditable]") !== null;

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.key === "Escape") {
      const menu = document.querySelector("details.menu[open]");
      if (menu) {
        menu.open = false;
        menu.querySelector("summary").focus();
      }
      return;
    }
    if (typing(event.target)) return;
    if (event.key === "/") {
      // The search of the whole house where there is one, else the page's own.
      const fields = [...document.querySelectorAll("[data-search], main input[type=search]")];
      let field = fields.find((one) => one.offsetParent !== null);
      if (!field) {
        // On a narrow screen the search lives in the menu.
        field = document.querySelector("details.menu input[type=search]");
        if (field) field.closest("details").open = true;
      }
      if (field) {
        event.preventDefault();
        field.focus();
        field.select();
      }
    } else if (event.key === "?" && document.body.dataset.keyboardHelp) {
      event.preventDefault();
      window.location.assign(document.body.dataset.keyboardHelp);
    }
  });

  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });

  // A second press on the same button must not send the same thing twice.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || event.defaultPrevented) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    if (!form.hasAttribute("hx-post")) form.dataset.sent = "yes";
    // Signing in again in another tab changes the token: the cookie holds the one that is good now.
    const token = form.elements.namedItem("csrfmiddlewaretoken");
    const cookie = document.cookie.split("; ").find((one) => one.startsWith("csrftoken="));
    if (token && cookie) token.value = cookie.slice("csrftoken=".length);
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });

  document.addEventListener("DOMContentLoaded", () => {
    const summary = document.querySelector("[data-error-summary]");
    if (summary) summary.focus();
  });

  // Filters that are empty stay out of the address.
  document.addEventListener("htmx:configRequest", (event) => {
    if (!event.detail.elt.matches(".filter-bar")) return;
    const given = event.detail.formData;
    for (const [name, value] of [...given.entries()]) if (value === "") given.delete(name);
  });

  // What the server refuses says a sentence: show it where notices stand, never fail in silence.
  const notice = (text) => {
    const line = document.createElement("p");
    line.className = "notice notice-error";
    line.textContent = text;
    const place = document.getElementById("notices");
    if (place) place.replaceChildren(line);
  };
  document.addEventListener("htmx:responseError", (event) => {
    const status = event.detail.xhr.status;
    if (event.detail.elt.closest("[data-own-errors]")) return;
    if (status === 401 || status === 403) {
      notice("Votre session a pris fin ou cette action ne vous est pas ouverte. Rechargez la page pour vous reconnecter.");
    } else if (status === 404) {
      notice("Ce que vous demandez n’existe plus. Rechargez la page pour voir l’état présent.");
    } else {
      notice("Le serveur n’a pas pu répondre. Rien n’a été perdu : réessayez dans un instant.");
    }
  });
  document.addEventListener("htmx:sendError", (event) => {
    if (event.detail.elt.closest("[data-own-errors]")) return;
    notice("La connexion est coupée. Réessayez quand elle sera revenue.");
  });
})();
