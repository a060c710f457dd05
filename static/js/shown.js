// Fields that only some answers ask for: `data-shown-when="way=email both"` on a field hides it under the other answers,
// and `data-needed` takes « (facultatif) » away while it is asked for. Without this script every field is there.
(() => {
  "use strict";

  document.addEventListener("DOMContentLoaded", () => {
    const fields = [...document.querySelectorAll("[data-shown-when]")];
    const show = () => {
      for (const field of fields) {
        const [name, values] = field.dataset.shownWhen.split("=");
        const chosen = new FormData(field.form).get(name) || "";
        const frame = field.closest(".field");
        // What was refused stays in sight, with its reason.
        frame.hidden = !values.split(" ").includes(chosen) && !frame.matches(".field-bad");
        const optional = frame.querySelector(".optional");
        if (optional) optional.hidden = "needed" in field.dataset;
      }
    };
    document.addEventListener("change", show);
    show();
  });
})();
