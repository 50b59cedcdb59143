// Parts that renew themselves leave somebody alone who is busy in them, and stay as they are when asking fails.
(() => {
  "use strict";
  const live = (element) => element instanceof Element && element.hasAttribute("data-live");

  document.addEventListener("htmx:beforeRequest", (event) => {
    const { target } = event;
    if (live(target) && (document.hidden || target.contains(document.activeElement))) event.preventDefault();
  });

  document.addEventListener("htmx:beforeSwap", (event) => {
    if (live(event.detail.elt) && event.detail.xhr.status >= 400) event.detail.shouldSwap = false;
  });
})();
