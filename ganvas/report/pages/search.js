// Sorting the table, and showing one trial everywhere: its row, its lines, its sheet. Without it the page is whole.
const table = document.querySelector(".sortable");
const told = document.querySelector(".told");
const columns = [...table.tHead.rows[0].cells];
const byTrial = new Map();
for (const part of document.querySelectorAll("[data-trial]")) {
  const known = byTrial.get(part.dataset.trial) ?? [];
  byTrial.set(part.dataset.trial, [...known, part]);
}
let lit = null;
let pinned = null;

function sort(place) {
  const { kind } = columns[place].dataset;
  const order = columns[place].ariaSort === "ascending" ? "descending" : "ascending";
  const sign = order === "ascending" ? 1 : -1;
  const compare = (a, b) => {
    if (a === "" || b === "") return (a === "") - (b === ""); // what has no value comes last, either way
    return sign * (kind === "number" ? Number(a) - Number(b) : a.localeCompare(b));
  };
  const body = table.tBodies[0];
  const by = (row) => row.cells[place].dataset.by;
  body.append(...[...body.rows].sort((one, other) => compare(by(one), by(other))));
  for (const column of columns) if (column.ariaSort) column.ariaSort = "none";
  columns[place].ariaSort = order;
}

function light(trial) {
  if (trial === lit) return;
  for (const part of byTrial.get(lit) ?? []) part.classList.remove("lit");
  for (const part of byTrial.get(trial) ?? []) {
    part.classList.add("lit");
    if (part.ownerSVGElement) part.parentNode.append(part); // above the other lines
  }
  lit = trial;
  document.body.classList.toggle("pointed", trial !== null);
  told.hidden = trial === null;
  if (trial !== null) told.textContent = said(trial);
}

function said(trial) {
  const row = table.querySelector(`tr[data-trial="${trial}"]`);
  const parts = columns.slice(1, -1).map((column, i) => [column.textContent.trim(), row.cells[i + 1].textContent]);
  const known = parts.filter(([, value]) => value && value !== "–");
  return [`trial ${trial}`, ...known.map(([name, value]) => `${name.split(/\s+/).at(-1)} ${value}`)].join(" · ");
}

function pin(trial) {
  pinned = pinned === trial ? null : trial;
  for (const button of table.tBodies[0].querySelectorAll("button")) {
    button.ariaPressed = String(button.closest("tr").dataset.trial === pinned);
  }
  light(pinned);
}

const trialOf = (event) => event.target.closest("[data-trial]")?.dataset.trial ?? null;
for (const heard of ["pointerover", "focusin"]) {
  document.addEventListener(heard, (event) => light(trialOf(event) ?? pinned));
}
document.addEventListener("focusout", (event) => event.relatedTarget ?? light(pinned));
document.addEventListener("keydown", (event) => event.key === "Escape" && pinned !== null && pin(pinned));
document.addEventListener("click", (event) => {
  const button = event.target.closest(".sortable button");
  if (button?.closest("thead")) sort(columns.indexOf(button.closest("th")));
  else if (button || event.target.closest(".chart [data-trial]")) pin(trialOf(event));
});
