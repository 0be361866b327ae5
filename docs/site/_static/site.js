// The menu's arrows have no name of their own: give each that of the page beside it.
document.addEventListener("DOMContentLoaded", () => {
  for (const arrow of document.querySelectorAll(".bd-sidebar-primary summary")) {
    const page = arrow.closest("li").querySelector("a");
    arrow.setAttribute("aria-label", `Pages below ${page.textContent.trim()}`);
  }
  // A signature over several lines is no list of definitions.
  for (const part of document.querySelectorAll("dt dl, dt dd")) part.setAttribute("role", "none");
});
