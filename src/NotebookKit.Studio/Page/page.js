"use strict";
const $ = id => document.getElementById(id);
// A frame in another site's page may not be let remember anything.
const remember = { get: name => { try { return localStorage.getItem(name); } catch { return null; } },
  set: (name, value) => { try { localStorage.setItem(name, value); } catch { /* asked again the next time */ } } };
let tongue = remember.get("tongue") || (navigator.language.startsWith("zh") ? "zh" : "en");
const t = key => words[tongue][key] || key;
const esc = text => String(text).replace(/[&<>"']/g, c => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" })[c]);
const size = bytes => bytes >= 1e9 ? (bytes / 1e9).toFixed(1) + " GB" : bytes >= 1e6 ? (bytes / 1e6).toFixed(1) + " MB" : (bytes / 1e3).toFixed(0) + " kB";

async function ask(path, body) {
  const answer = await fetch(path, body === undefined ? {} : { method: "POST", body: body instanceof Blob ? body : JSON.stringify(body) })
    .catch(() => { throw new Error(t("gone")); });
  const text = await answer.text();
  const told = text ? JSON.parse(text) : {};
  if (!answer.ok) throw new Error(say(told.error) || answer.status);
  return told;
}

function speak() {
  document.documentElement.lang = tongue === "zh" ? "zh-CN" : "en"; document.title = `NotebookKit ${t("studio")}`;
  $("language").textContent = tongue === "en" ? "中文" : "English";
  document.querySelectorAll("[data-t]").forEach(e => e.textContent = t(e.dataset.t));
  document.querySelectorAll("[data-a]").forEach(e => e.setAttribute("aria-label", t(e.dataset.a)));
  show(); runs(); if (fields.length) settings();
}
$("language").onclick = () => { tongue = tongue === "en" ? "zh" : "en"; remember.set("tongue", tongue); speak(); };

