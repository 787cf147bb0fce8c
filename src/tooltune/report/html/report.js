// The list of items: filtered, drawn a page at a time, each item's details when it is opened.
// Everything a user or a model wrote goes into the page as text (textContent), never as markup.
"use strict";
(() => {
  const PAGE = 50;
  const form = document.getElementById("filters");
  if (!form) return;
  const { models, tools, items } = JSON.parse(document.getElementById("report").textContent);
  const names = Object.keys(models);
  const list = document.getElementById("list");
  const more = document.getElementById("more");
  const count = document.getElementById("count");
  const FIELDS = ["text", "scenario", "verdict", "failure"];
  const STATES = {
    same: "same",
    different: "different value",
    missing: "not given",
    extra: "not expected",
  };
  let found = items;
  let shown = 0;

  // An element; children are elements or text, attributes that are null are left out.
  function element(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) if (value !== null) node.setAttribute(name, value);
    node.append(...children);
    return node;
  }

  const json = (value) => (value === undefined ? "–" : JSON.stringify(value, null, 1).replace(/\n\s*/g, " "));
  const callText = (call) => `${call.name} ${JSON.stringify(call.parameters, null, 2)}`;

  // ---- Filters

  function searchText(item) {
    if (item.search === undefined) {
      const written = [item.messages, item.calls, ...names.map((name) => item.replies[name]?.calls ?? "")];
      const texts = names.map((name) => item.replies[name]?.text ?? "");
      const seen = item.tools.map((number) => tools[number].name);
      item.search = [item.id, item.scenario, item.expectation, ...seen, ...texts, ...written.map((part) => JSON.stringify(part))]
        .join("\n").toLowerCase();
    }
    return item.search;
  }

  function hasVerdict(item, wanted) {
    if (wanted === "right" || wanted === "wrong") return item.verdict === wanted;
    return wanted === "changed" ? item.change !== "" : item.change === wanted;
  }

  function matches(item, wanted) {
    return (
      (!wanted.scenario || item.scenario === wanted.scenario) &&
      (!wanted.verdict || hasVerdict(item, wanted.verdict)) &&
      (!wanted.failure || names.some((name) => item.replies[name]?.failure === wanted.failure)) &&
      wanted.words.every((word) => searchText(item).includes(word))
    );
  }

  function filter() {
    const wanted = Object.fromEntries(FIELDS.map((name) => [name, form.elements[name].value]));
    wanted.words = wanted.text.toLowerCase().split(/\s+/).filter(Boolean);
    found = items.filter((item) => matches(item, wanted));
    shown = 0;
    list.replaceChildren();
    showMore();
    if (found.length === 1) list.querySelector("details").open = true;
  }

  function showMore() {
    list.append(...found.slice(shown, shown + PAGE).map(row));
    shown = Math.min(found.length, shown + PAGE);
    more.hidden = shown === found.length;
    more.textContent = `Show ${Math.min(PAGE, found.length - shown)} more`;
    const some = shown < found.length ? `, the first ${shown} are shown` : "";
    count.textContent = `${found.length} of ${items.length} items match${some}.`;
  }

  // The filters stand in the address, so that a view can be kept and sent.
  function remember() {
    const set = FIELDS.filter((name) => form.elements[name].value).map((name) => [name, form.elements[name].value]);
    history.replaceState(null, "", `#${set.length ? new URLSearchParams(set) : "items"}`);
  }

  function recall() {
    const hash = location.hash.slice(1);
    if (!hash.includes("=")) return false;
    const set = new URLSearchParams(hash);
    for (const name of FIELDS) form.elements[name].value = set.get(name) ?? "";
    return true;
  }

  // ---- One item

  function mark(right, text) {
    return element("span", { class: `mark ${right ? "right" : "wrong"}` }, `${right ? "✓" : "✗"} ${text}`);
  }

  function row(item) {
    const asked = item.messages.findLast((message) => message.role === "user")?.content ?? "";
    const title = element("h3", {});
    for (const name of names) {
      const reply = item.replies[name];
      if (reply) title.append(mark(!reply.failure, names.length === 1 ? (reply.failure ?? "right") : `${models[name]}: ${reply.failure ?? "right"}`), " ");
    }
    title.append(asked.length > 160 ? `${asked.slice(0, 160)}…` : asked);
    const details = element("details", {}, element("summary", {}, title, element("span", { class: "meta" }, ` ${item.scenario}, item ${item.id}`)));
    details.addEventListener("toggle", () => {
      if (details.open && details.childElementCount === 1) details.append(body(item));
    });
    return element("li", {}, details);
  }

  function body(item) {
    return element(
      "div", { class: "body" },
      element("h4", {}, "Conversation"), ...item.messages.map(message),
      element("h4", {}, "Tools in view"), ...item.tools.map((number) => tool(tools[number])),
      ...(item.tools.length ? [] : [element("p", {}, "none")]),
      element("h4", {}, `Expected: ${item.expectation}`), ...item.calls.map((call) => element("pre", {}, callText(call))),
      ...names.filter((name) => item.replies[name]).flatMap((name) => reply(item, name)),
    );
  }

  function message({ role, content, tool_calls: calls = [], name }) {
    return element(
      "div", { class: "message" }, element("b", {}, name ? `${role} ${name}` : role),
      ...(content ? [element("pre", {}, content)] : []), ...calls.map((call) => element("pre", {}, callText(call))),
    );
  }

  function tool(definition) {
    const text = JSON.stringify(definition.parameters, null, 2);
    return element(
      "details", {}, element("summary", {}, element("code", {}, definition.name), ` ${definition.description ?? ""}`),
      element("pre", {}, text ?? ""),
    );
  }

  function reply(item, name) {
    const { text, calls, error, failure, pairs } = item.replies[name];
    const parsed = calls.length ? calls.map((call) => element("pre", {}, callText(call))) : [element("p", {}, "no call")];
    return [
      element("h4", {}, `${models[name]} wrote `, mark(!failure, failure ?? "right")),
      text ? element("pre", {}, text) : element("p", {}, "nothing"),
      element("p", {}, element("b", {}, calls.length === 1 ? "Parsed call" : "Parsed calls"), error ? `: cannot be read, ${error}` : ""),
      ...(error ? [] : parsed),
      ...pairs.map((pair) => difference(item, calls, pair)),
    ];
  }

  function difference(item, calls, [expected, called, states]) {
    const want = expected === null ? null : item.calls[expected];
    const given = called === null ? null : calls[called];
    const name = want && given && want.name !== given.name ? `${want.name} expected, ${given.name} called` : (want ?? given).name;
    if (!want || !given) return element("p", {}, mark(false, want ? `${name}: expected, not called` : `${name}: called, not expected`));
    const rows = Object.entries(states).map(([argument, state]) => argumentRow(argument, state, want, given));
    return element(
      "div", { class: "wide", role: "group", tabindex: "0", "aria-label": `Difference, ${name}` },
      element(
        "table", { class: "difference" }, element("caption", {}, "Difference: ", element("code", {}, name)),
        element("thead", {}, headRow(["Argument", "Expected", "Called", "Verdict"])), element("tbody", {}, ...rows),
      ),
    );
  }

  function headRow(titles) {
    return element("tr", {}, ...titles.map((title) => element("th", { scope: "col" }, title)));
  }

  function argumentRow(argument, state, want, given) {
    const value = (text, kind) => element("td", {}, element(state === "same" ? "code" : "mark", state === "same" ? {} : { class: kind }, text));
    return element(
      "tr", {}, element("th", { scope: "row" }, element("code", {}, argument)),
      value(json(want.parameters[argument]), "expected"), value(json(given.parameters[argument]), "called"),
      element("td", {}, mark(state === "same", STATES[state])),
    );
  }

  // ---- Start

  let waiting = 0;
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => { filter(); remember(); }, 120);
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(() => { filter(); remember(); }));
  more.addEventListener("click", () => {
    const first = shown;
    showMore();
    list.children[first]?.querySelector("summary").focus();
  });
  addEventListener("hashchange", () => {
    if (!recall()) return;
    filter();
    document.getElementById("items").focus();
  });
  recall();
  filter();
})();
