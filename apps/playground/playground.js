/* The page of playground.py in the browser: native controls in, what Python says out.

Nothing is decided here. A control sends what it was set to; Python answers with a whole view.
Texts go in as text, never as HTML. A card keeps its element while its track stays listed, so
that a clip plays on while the list moves around it. */

const media = new WeakMap(); // widget → "item modality" → promise of a URL, fetched once
let pages = 0;

function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else if (name in element && name !== "list") element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

function fetchMedia(model, id, modality) {
  if (!media.has(model)) {
    const waiting = new Map();
    media.set(model, { urls: new Map(), waiting });
    model.on("msg:custom", (message, buffers) => {
      const blob = new Blob([buffers[0]], { type: message.type });
      waiting.get(`${message.id} ${message.modality}`)?.(URL.createObjectURL(blob));
    });
  }
  const { urls, waiting } = media.get(model);
  const key = `${id} ${modality}`;
  if (!urls.has(key)) {
    urls.set(key, new Promise((found) => waiting.set(key, found)));
    model.send({ do: "media", value: [[id, modality]] });
  }
  return urls.get(key);
}

function render({ model, el }) {
  const page = `mmrec-${++pages}-${Math.random().toString(36).slice(2, 8)}`;
  const options = model.get("options");
  let busy = false;
  let next = null; // the latest request, while Python is busy with an earlier one
  let speaking = 0;

  function ask(action, value) {
    if (busy) next = [action, value];
    else {
      busy = true;
      model.send({ do: action, value });
    }
  }

  // --- controls

  const group = (title, ...children) =>
    make("fieldset", {}, make("legend", {}, title), ...children);

  function slider(name, label, hint, send) {
    const id = `${page}-${name}`;
    const output = make("output", {});
    output.setAttribute("for", id);
    output.setAttribute("aria-live", "off"); // the control says its value itself
    const input = make("input", { type: "range", id, min: 0, max: 100, step: 5, name });
    const note = make("small", { id: `${id}-note` }, hint);
    if (hint) input.setAttribute("aria-describedby", note.id);
    const set = (percent) => {
      input.value = percent;
      output.textContent = `${percent} %`;
      input.setAttribute("aria-valuetext", `${percent} percent`);
    };
    input.addEventListener("input", () => {
      set(input.valueAsNumber);
      send(input.valueAsNumber);
    });
    const head = make("div", { class: "head" }, make("label", { htmlFor: id }, label), output);
    return { set, element: make("div", { class: "slider" }, head, input, hint ? note : "") };
  }

  function radios(name, choices, send) {
    const inputs = new Map();
    const lines = choices.map(([value, label]) => {
      const input = make("input", { type: "radio", name: `${page}-${name}`, value });
      input.addEventListener("change", () => send(value));
      inputs.set(value, input);
      return make("label", { class: "choice" }, input, label);
    });
    const set = (value) => inputs.has(value) && (inputs.get(value).checked = true);
    return { set, elements: lines };
  }

  let picks = [];
  const who = radios("who", [["listener", "A listener"], ["you", "You, a new listener"]], (value) =>
    value === "you" ? ask("pick", picks) : ask("choose", listener.value),
  );
  const listener = make("select", { id: `${page}-listener` });
  listener.append(...options.users.map((name) => make("option", { value: name }, name)));
  listener.addEventListener("change", () => ask("choose", listener.value));
  const likes = make("ul", { class: "likes" });
  const theirs = make(
    "div",
    {},
    make("label", { htmlFor: listener.id }, "Which listener"),
    listener,
    make("p", { class: "caption" }, "Rated highest, latest first:"),
    likes,
  );

  const find = make("input", { id: `${page}-find`, type: "text", list: `${page}-tracks` });
  find.setAttribute("autocomplete", "off");
  const tracks = make("datalist", { id: `${page}-tracks` });
  tracks.append(...options.tracks.map((label) => make("option", { value: label })));
  const picked = make("ul", { class: "picks" });
  const rest = make("p", { class: "caption" });
  const add = make("button", { type: "button", onclick: addFound }, "Add track");
  find.addEventListener("keydown", (event) => {
    if (event.key === "Enter") addFound();
  });
  const yours = make(
    "div",
    {},
    make("label", { htmlFor: find.id }, "Find a track by its title"),
    make("div", { class: "row" }, find, add),
    tracks,
    rest,
    picked,
  );

  function addFound() {
    const place = options.tracks.indexOf(find.value.trim());
    if (place < 0) speak(`Not done. There is no track “${find.value}”; choose one of the list.`);
    else {
      find.value = "";
      pickOne(options.trackIds[place]);
    }
  }

  const pickOne = (id) => ask("pick", [...picks.filter((other) => other !== id), id]);
  const weights = new Map();
  for (const [name, label] of options.modalities) {
    const send = () => ask("weight", Object.fromEntries(wanted()));
    weights.set(name, slider(name, label, "", send));
  }
  const wanted = () => [...weights].map(([name, { element }]) => [name, element.querySelector("input").valueAsNumber]);
  const which = radios("which", options.which, (value) => ask("show", value));
  const diversity = slider("diversity", "Diversity", "0: the best. 100: the most different.", (value) =>
    ask("vary", value),
  );
  const reset = make("button", { type: "button", onclick: () => ask("reset") }, "As learned");

  const controls = make(
    "section",
    { class: "controls" },
    make("h2", { id: `${page}-controls` }, "What to try"),
    group("For whom", ...who.elements, theirs, yours),
  );
  controls.setAttribute("aria-labelledby", `${page}-controls`);
  if (weights.size) {
    const sliders = [...weights.values()].map(({ element }) => element);
    controls.append(group("How much each counts", ...sliders, reset));
  }
  if (options.which.length) controls.append(group("Which tracks", ...which.elements));
  if (options.diversity) controls.append(group("How varied", diversity.element));

  // --- the list

  const heading = make("h2", { id: `${page}-list` });
  const status = make("p", { class: "status", role: "status" });
  status.setAttribute("aria-live", "polite");
  const cards = make("ol", { class: "cards" });
  const list = make("section", { class: "list" }, heading, status, cards);
  list.setAttribute("aria-labelledby", heading.id);
  const kept = new Map();

  function speak(text) {
    // Only what is still true once the hand has come to rest: a slider's way there is noise.
    clearTimeout(speaking);
    speaking = setTimeout(() => (status.textContent = text), 300);
  }

  function newCard(card) {
    const head = make("h3", {}, card.title);
    const ratings = make("p", { class: "ratings" });
    const why = make("p", { class: "why" });
    const bars = make("ul", { class: "bars" });
    bars.setAttribute("aria-label", `Parts of the score of ${card.title}`);
    const like = make("button", { type: "button", onclick: () => pickOne(card.id) }, "I like this");
    like.setAttribute("aria-label", `I like ${card.by}: add it to your tracks`);
    const cover = make("div", { class: "cover" });
    if (card.media.includes("image")) {
      const image = make("img", { alt: `Cover of ${card.by}`, width: 160, height: 160 });
      fetchMedia(model, card.id, "image").then((url) => (image.src = url));
      cover.append(image);
    } else cover.append(make("span", {}, "no cover"));
    const sound = make("div", { class: "sound" });
    if (card.media.includes("audio")) {
      const audio = make("audio", { controls: true, preload: "metadata" });
      audio.setAttribute("aria-label", `Listen to ${card.by}`);
      fetchMedia(model, card.id, "audio").then((url) => (audio.src = url));
      sound.append(audio);
    } else sound.append(make("span", {}, "no sound"));
    const names = make("div", {}, head, make("p", { class: "byline" }, card.byline), ratings);
    const left = make("div", { class: "media" }, cover, sound);
    const right = make("div", { class: "words" }, names, why, bars, like);
    return { element: make("li", {}, left, right), ratings, why, bars, like };
  }

  function bar([name, text, value], low, high) {
    const span = high - low || 1;
    const mark = make("span", { class: "mark" });
    mark.style.left = `${(100 * (Math.min(value, 0) - low)) / span}%`;
    mark.style.width = `${(100 * Math.abs(value)) / span}%`;
    mark.style.backgroundColor = options.colors[name];
    const zero = make("span", { class: "zero" });
    zero.style.left = `${(-100 * low) / span}%`;
    const track = make("span", { class: "track" }, mark, zero);
    track.setAttribute("aria-hidden", "true"); // name and number say the same
    return make("li", {}, make("span", { class: "part" }, name), track, make("span", { class: "number" }, text));
  }

  function showCards(view) {
    const values = view.cards.flatMap((card) => card.parts.map((part) => part[2]));
    const [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
    const wantedIds = view.cards.map((card) => card.id);
    const focused = el.getRootNode().activeElement;
    for (const [id, card] of kept) {
      if (!wantedIds.includes(id)) {
        card.element.remove();
        kept.delete(id);
      }
    }
    view.cards.forEach((card, place) => {
      if (!kept.has(card.id)) kept.set(card.id, newCard(card));
      const { element, ratings, why, bars, like } = kept.get(card.id);
      ratings.textContent = card.ratings;
      why.textContent = card.why;
      const total = make("li", { class: "total" }, make("span", {}, "score"), make("span", { class: "number" }, card.score));
      bars.replaceChildren(...card.parts.map((part) => bar(part, low, high)), total);
      like.hidden = view.user !== null || view.picks.some(([id]) => id === card.id);
      like.disabled = view.picks.length >= options.maxPicks;
      if (cards.children[place] !== element) cards.insertBefore(element, cards.children[place] ?? null);
    });
    if (focused && el.contains(focused)) focused.focus({ preventScroll: true });
  }

  function showPicks(view) {
    picks = view.picks.map(([id]) => id);
    rest.textContent = `${picks.length} of ${options.maxPicks} picked; “I like this” beside a track picks it too.`;
    add.disabled = picks.length >= options.maxPicks;
    const lines = view.picks.map(([id, label]) => {
      const drop = () => {
        find.focus();
        ask("pick", picks.filter((other) => other !== id));
      };
      const button = make("button", { type: "button", onclick: drop }, "Remove");
      button.setAttribute("aria-label", `Remove ${label}`);
      return make("li", {}, make("span", {}, label), button);
    });
    picked.replaceChildren(...lines);
  }

  function update() {
    const view = model.get("view");
    busy = false;
    if (next) {
      const [action, value] = next;
      next = null;
      ask(action, value);
    } else {
      // Only when nothing is on its way: or a slider would jump back under the hand.
      for (const [name, { set }] of weights) set(view.weights[name]);
      diversity.set(view.diversity);
      which.set(view.which);
      who.set(view.user === null ? "you" : "listener");
      if (view.user !== null) listener.value = view.user;
    }
    theirs.hidden = view.user === null;
    yours.hidden = view.user !== null;
    likes.replaceChildren(...view.likes.map((line) => make("li", {}, line)));
    heading.textContent = view.heading;
    showPicks(view);
    showCards(view);
    speak(view.status);
  }

  el.classList.add("mmrec-page");
  el.append(controls, list);
  model.on("change:view", update);
  update();
  return () => {
    clearTimeout(speaking);
    model.off("change:view", update);
  };
}

export default { render };
