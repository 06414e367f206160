// Copy buttons, the filter box, and a reload that leaves open what is open.
for (const pre of document.querySelectorAll("pre")) {
  const text = pre.textContent, button = document.createElement("button");
  button.textContent = "copy";
  button.onclick = async () => {
    try { await navigator.clipboard.writeText(text); button.textContent = "copied"; }
    catch { getSelection().selectAllChildren(pre); document.execCommand("copy"); button.textContent = "copied"; }
    setTimeout(() => { button.textContent = "copy"; }, 1500);
  };
  pre.classList.add("copyable");
  pre.append(button);
}
const kept = JSON.parse(sessionStorage.getItem("kept") || "{}");
const keep = () => sessionStorage.setItem("kept", JSON.stringify(kept));
for (const part of document.querySelectorAll("details[id]")) {
  if (part.id in kept) part.open = kept[part.id];
  part.addEventListener("toggle", () => { kept[part.id] = part.open; keep(); });
}
const box = document.querySelector(".filter");
if (box) {
  const narrow = () => {
    const word = box.value.toLowerCase();
    for (const row of document.querySelectorAll("[data-name]"))
      row.hidden = !row.dataset.name.toLowerCase().includes(word);
    kept.filter = box.value;
    keep();
  };
  box.hidden = false;
  box.value = kept.filter || "";
  box.oninput = narrow;
  if (box.value) narrow();
}
if (document.body.dataset.refresh)
  setInterval(() => {
    if (getSelection().isCollapsed && document.activeElement !== box) location.reload();
  }, document.body.dataset.refresh * 1000);
