/* What htmx and forms need beyond themselves; the pages work without it, only less swiftly. */
(function () {
  "use strict";
  function cookie(name) {
    const found = document.cookie.split("; ").find((each) => each.startsWith(name + "="));
    return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
  }
  document.addEventListener("htmx:configRequest", (event) => {
    event.detail.headers["X-CSRFToken"] = cookie("csrftoken");
  });
  // Errors are pages with words: they are shown where the answer would have been.
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.xhr.status >= 400) { event.detail.shouldSwap = true; event.detail.isError = false; }
  });
  document.addEventListener("click", (event) => {
    const theme = event.target.closest("[data-switch-theme]");
    if (theme) {
      const root = document.documentElement;
      const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
      root.dataset.theme = dark ? "light" : "dark";
      document.cookie = "theme=" + root.dataset.theme + ";path=/;max-age=31536000;samesite=lax";
      return;
    }
    const all = event.target.closest("[data-check-all]");
    if (all) {
      document.querySelectorAll("input[type=checkbox][name='" + all.dataset.checkAll + "']").forEach((box) => { box.checked = all.checked; });
    }
    const asked = event.target.closest("[data-confirm]");
    if (asked && !window.confirm(asked.dataset.confirm)) event.preventDefault();
  }, true);
  document.addEventListener("change", (event) => {
    if (event.target.closest("[data-submit-on-change]")) event.target.form.requestSubmit();
  });
})();

/* What scrolls sideways can be reached by keyboard; what has room enough is no stop on the way. */
(function () {
  "use strict";
  function reach() {
    document.querySelectorAll(".scroll[role=region]").forEach((region) => {
      if (region.scrollWidth > region.clientWidth || !region.clientWidth) region.tabIndex = 0;
      else region.removeAttribute("tabindex");
    });
  }
  document.addEventListener("htmx:afterSettle", reach);
  document.addEventListener("toggle", reach, true);
  window.addEventListener("resize", reach);
  window.addEventListener("load", reach);
  reach();
})();

/* Lines of a table that are put in order by drag: the steps follow the order. The numbers can be typed as well. */
(function () {
  "use strict";
  let dragged = null;
  document.addEventListener("dragstart", (event) => {
    dragged = event.target.closest("[data-drag-rows] tbody tr");
  });
  document.addEventListener("dragover", (event) => {
    const over = event.target.closest("[data-drag-rows] tbody tr");
    if (!dragged || !over || over === dragged || over.parentNode !== dragged.parentNode) return;
    event.preventDefault();
    const below = event.clientY > over.getBoundingClientRect().top + over.offsetHeight / 2;
    over.parentNode.insertBefore(dragged, below ? over.nextSibling : over);
  });
  document.addEventListener("dragend", () => {
    if (!dragged) return;
    let step = 0;
    dragged.parentNode.querySelectorAll("tr").forEach((row) => {
      const name = row.querySelector("input[name=status]"), number = row.querySelector("input[name=step]");
      if (name.value.trim()) { step += 10; number.value = String(step); }
    });
    dragged = null;
  });
})();
