"use strict";
let fields = [];
async function settings() {
  const groups = await ask("api/settings"), kept = form(); // what was typed while they came stays
  fields = groups.flatMap(g => g.fields);
  $("first").replaceChildren(...fields.filter(f => f.first != null).sort((a, b) => a.first - b.first).map(row));
  $("rest").replaceChildren(...groups.flatMap(g => {
    const rest = g.fields.filter(f => f.first == null);
    if (!rest.length) return [];
    const title = document.createElement("h3"); title.textContent = t(g.name);
    return [title, ...rest.map(row)];
  }));
  for (const [name, values] of Object.entries(kept)) {
    const e = $("f-" + name); if (!e) continue;
    if (e.type === "checkbox") e.checked = values[0] === "true"; else e.value = values.join("; ");
  }
  check();
}
const label = field => tongue === "zh" && fieldsZh[field.name] ? fieldsZh[field.name][0] : field.flag.startsWith("--no-") ? field.flag.slice(2).replaceAll("-", " ") : field.name.replaceAll("_", " ");
const help = field => tongue === "zh" && fieldsZh[field.name] ? fieldsZh[field.name][1] : field.help;
// A prompt or a number is the same in every language.
const articleOf = field => /^\d.*;/.test(field.article) ? esc(say(field.article)) : `<span translate="no">${esc(field.article)}</span>`;
function row(field) {
  const div = document.createElement("div"); div.className = "field";
  const id = "f-" + field.name, value = esc(field.usual);
  const input = field.kind === "choice"
    ? `<select id="${id}" translate="no">${field.choices.map(c => `<option${c === field.usual ? " selected" : ""}>${esc(c)}</option>`).join("")}</select>`
    : field.kind === "switch" ? `<input id="${id}" type="checkbox"${field.usual === "true" ? " checked" : ""}>`
    : `<input id="${id}" value="${value}" ${field.kind === "whole" || field.kind === "number" ? 'inputmode="decimal"' : ""}>`;
  div.innerHTML = `<label for="${id}">${esc(label(field))}</label>${input}<small>${esc(help(field))}${field.bounds ? ` · ${esc(say(field.bounds))}` : ""}${field.article ? ` · ${t("article")}: ${articleOf(field)}` : ""} <span id="p-${field.name}"></span></small><div class="wrong" id="w-${field.name}"></div>`;
  div.querySelector("input,select").addEventListener("input", soon);
  return div;
}
function form() {
  const given = {};
  for (const f of fields) {
    const e = $("f-" + f.name); if (!e) continue;
    const value = f.kind === "switch" ? String(e.checked) : e.value.trim();
    if (value !== f.usual && !(f.kind === "switch" && value === "false" && f.usual !== "true")) given[f.name] = f.kind === "list" ? value.split(/\s*;\s*/) : [value];
  }
  return given;
}
let timer; const soon = () => { clearTimeout(timer); timer = setTimeout(check, 60); };
async function check() {
  let a; try { a = await ask("api/check", form()); } catch (e) { $("answers").innerHTML = `<p class="bad">${esc(e.message)}</p>`; return; }
  for (const f of fields) {
    const wrong = say(a.wrong[f.name]);
    if ($("w-" + f.name)) { $("w-" + f.name).textContent = wrong; $("f-" + f.name).setAttribute("aria-invalid", wrong ? "true" : "false"); }
  }
  if (a.loading) { setTimeout(check, 500); return; }
  if (a.wrong[""]) $("answers").innerHTML = `<p class="bad">${esc(say(a.wrong[""]))}</p>`;
  if (!a.steps) return;
  pictures(a.captions); proposals(a.proposals);
  const hintsOpen = $("hints")?.open, partsOpen = $("parts")?.open;
  const most = Math.max(...a.rates.map(r => r[1]), 1e-12);
  const curve = a.rates.map((r, i) => `${i ? "L" : "M"}${(4 + 192 * i / Math.max(1, a.rates.length - 1)).toFixed(1)} ${(36 - 32 * r[1] / most).toFixed(1)}`).join("");
  $("answers").innerHTML = `<p><b>${a.steps}</b> ${t("st")}${a.minutes ? ` · <b>${a.minutes.toFixed(1)}</b> ${t("min")}` : ""} · ${t("mem")} <b>${size(a.memory.needed)}</b>`
    + `${a.lora_bytes ? ` · ${t("size")} <b>${size(a.lora_bytes)}</b>` : ""}</p><svg viewBox="0 0 200 40" width="200" height="40" role="img" aria-label="${t("rateChart")}"><path d="${curve}" fill="none" stroke="currentColor"/></svg>`
    + `<details id="parts"${partsOpen ? " open" : ""}><summary>${t("memparts")}</summary><table>${a.memory.groups.map(g => `<tr><td>${t(g.name)}</td><td>${size(g.bytes)}</td></tr>`).join("")}</table></details>`
    + (a.rarity ? `<p>${t("id")} <b translate="no">${esc(a.identifier)}</b>: <span translate="no">${esc(a.rarity.tokens.map(token => token.replace("</w>", "")).join(" · "))}</span> – ${t(a.rarity.verdict)}</p>` : "")
    + [...new Set([...(a.warnings || []), ...(a.fits ? [] : a.advice)])].map(w => `<p class="bad">${esc(say(w))}</p>`).join("")
    + (a.hints.length ? `<details id="hints"${hintsOpen ? " open" : ""}><summary>${t("hints")} (${a.hints.length})</summary>${a.hints.map(h => `<p>${esc(say(h))}</p>`).join("")}</details>` : "");
}
let captionsShown = "";
function pictures(rows) {
  const now = JSON.stringify(rows) + tongue; if (now === captionsShown) return; captionsShown = now;
  $("photos").innerHTML = rows.slice(0, 6).map((r, i) => `<img src="api/photo/${i}?${esc(r.crop)}${encodeURIComponent(r.file)}" alt="${esc(r.file)}">`).join("");
  $("captions").innerHTML = `<table><tr><th>${t("photo")}</th><th>${t("crop")}</th><th>${t("instance")}</th><th>${t("ofclass")}</th></tr>`
    + rows.map(r => `<tr translate="no"><td>${esc(r.file)}</td><td>${esc(r.size)} → ${esc(r.crop)}</td><td>${esc(r.instance)}</td><td>${esc(r.class ?? "–")}</td></tr>`).join("") + "</table>";
}
function proposals(of) {
  for (const f of fields) {
    const e = $("p-" + f.name); if (!e) continue;
    const proposed = of[f.name], now = $("f-" + f.name);
    e.textContent = "";
    if (proposed === undefined || proposed === "" || f.kind === "switch" || now.value === proposed) continue;
    const use = document.createElement("button"); use.type = "button"; use.className = "small"; use.textContent = `${t("proposed")}: ${proposed}`;
    use.onclick = () => { now.value = proposed; check(); };
    e.append("· ", use);
  }
}
// One's own photos go up one after the other; then the form takes their folder.
$("own-files").onchange = async () => {
  const files = [...$("own-files").files], caption = $("own-caption").value.trim();
  let kept = null, refused = [];
  for (const [i, file] of files.entries()) {
    $("own-said").textContent = `${t("owncoming")} ${i + 1}/${files.length}`;
    const asked = new URLSearchParams({ name: file.name, caption, ...(kept ? { set: kept.set } : {}) });
    try { kept = await ask(`api/photos?${asked}`, file); } catch (e) { refused.push(e.message); }
  }
  $("own-said").textContent = [kept ? `${t("ownkept")} ${kept.photos}` : "", ...refused].filter(Boolean).join(" · "); $("own-files").value = "";
  if (!kept) return;
  $("f-instance_dir").value = kept.folder;
  if (caption) $("prompt").value = `${caption} on the beach`;
  check();
};
$("train").onclick = async () => { try { await ask("api/train", form()); } catch (e) { $("said").textContent = e.message; } };

