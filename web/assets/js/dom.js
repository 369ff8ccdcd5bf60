// Elements made by hand: no text ever becomes markup here, and there is no policy that could let it.

/** An element with attributes and with children, which are elements or texts. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

/** A label with its field. */
export function field(label, id, attributes, name = "input") {
  const made = element(name, { id, ...attributes });
  return { row: element("div", { class: "wide-field" }, element("label", { for: id }, label), made), made };
}

/** A place where a page says what happened, read out when it changes. */
export const status = (id) => element("p", { id, role: "status", class: "said" });

/** Offers bytes as a file. */
export function download(name, text, type = "application/json") {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = element("a", { href: url, download: name, class: "button" }, `Download ${name}`);
  return link;
}
