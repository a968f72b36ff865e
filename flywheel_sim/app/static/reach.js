// The address follows what is open.  Browsers ignore pages that write it too often, so a slider that never rests writes
// it five times a second, and the last one always.
(() => {
  "use strict";
  let wanted = null, waiting = false;
  const write = () => {
    if (wanted != null) history.replaceState(history.state, "", wanted);
    wanted = null;
  };
  window.flywheelHere = address => {
    wanted = address;
    if (waiting) return;
    waiting = true;
    write();
    setTimeout(() => { waiting = false; write(); }, 200);
  };
  addEventListener("pagehide", write);
})();
// Sliders and menus say what they are where the keyboard's focus is: Quasar names an element around that one.
(() => {
  "use strict";
  const NAMES = ["aria-label", "aria-valuemin", "aria-valuemax", "aria-valuenow", "aria-valuetext", "aria-disabled"];
  const copy = (from, to, names) => {
    for (const name of names) {
      const value = from.getAttribute(name);
      if (value == null) to.removeAttribute(name);
      else if (to.getAttribute(name) !== value) to.setAttribute(name, value);
    }
  };
  const name = () => {
    for (const outer of document.querySelectorAll(".q-slider[aria-label]")) {
      const inner = outer.querySelector(".q-slider__track-container");
      inner.setAttribute("role", "slider");
      copy(outer, inner, NAMES);
      outer.setAttribute("role", "presentation");
    }
    for (const outer of document.querySelectorAll(".q-select .q-field__native[aria-label]")) {
      const inner = outer.querySelector("input[role=combobox]");
      if (inner) copy(outer, inner, ["aria-label"]);
    }
    for (const on of document.querySelectorAll(".fs-item.on:not(.reached)")) {
      on.classList.add("reached");
      on.scrollIntoView({ block: "nearest" });
    }
  };
  let asked = false;
  const soon = () => {
    if (!asked) requestAnimationFrame(() => { asked = false; name(); });
    asked = true;
  };
  addEventListener("DOMContentLoaded", () => {
    document.documentElement.lang = "en";
    new MutationObserver(soon).observe(document.body, { subtree: true, childList: true, attributes: true,
      attributeFilter: ["aria-valuenow", "aria-valuetext"] });
    soon();
  });
})();
