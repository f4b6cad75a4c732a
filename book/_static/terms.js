// Glossary terms and citations: what they mean stands beside the link that asked for it. Escape hides it; on a screen
// without a pointer the first tap shows it and the second follows the link. Without this script it shows at the foot.
document.addEventListener("DOMContentLoaded", () => {
  const asks = 'a[aria-describedby^="tip-"]';
  const place = (event) => {
    const link = event.target.closest?.(asks);
    if (!link) return;
    link.classList.remove("quiet");
    const tip = document.getElementById(link.getAttribute("aria-describedby"));
    if (innerWidth < 600 || !tip) return; // the foot of a small screen
    const at = link.getBoundingClientRect();
    tip.style.inset = "auto";
    tip.style.left = `${Math.max(8, Math.min(at.left, innerWidth - tip.offsetWidth - 12))}px`;
    const below = at.bottom + tip.offsetHeight + 8 < innerHeight;
    tip.style.top = `${below ? at.bottom + 4 : at.top - tip.offsetHeight - 4}px`;
  };
  document.addEventListener("mouseover", place);
  document.addEventListener("focusin", place);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape")
      document.querySelectorAll(`${asks}:is(:hover, :focus)`).forEach((link) => link.classList.add("quiet"));
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.(asks);
    document.querySelectorAll(`${asks}.asked`).forEach((other) => other !== link && other.classList.remove("asked"));
    if (!link || !matchMedia("(hover: none)").matches || link.classList.contains("asked")) return;
    event.preventDefault();
    link.classList.add("asked");
  });
});
