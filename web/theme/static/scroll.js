// What is wider than its place scrolls by itself. Then, and only then, the Tab key stops there, so that the arrows can.
"use strict";

const watch = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }
});
for (const part of document.querySelectorAll("article :is(pre, .formula, .table-wrapper, .output)")) watch.observe(part);
