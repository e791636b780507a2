// The frame around the views: header, language, sign-in, and which view the address names. A page declares
//
// | name | what |
// |---|---|
// | `VIEWS` | name → a function of the address's query and the view |
// | `DETAILS` | a view without an entry in the header → the one whose entry is marked |
// | `LIST` | the view to go to from an error |
// | `CHECK` | a request that shows whether a token is good: method, path, options |
// | `address()` | `{ name, query }` of the view that the hash names |
// | `entries()` | the header's `[view, text]` |
// | `signedIn()` | what waited for a token |
// | `leaving(go)` | goes on to sign out, or asks first |

const hash = (name, query = {}) => {
  const text = new URLSearchParams(Object.entries(query).filter(([, value]) => value)).toString();
  return `#/${name}${text ? `?${text}` : ""}`;
};

function signOut(message) {
  state.token = null;
  state.after = message ?? "";
  sessionStorage.removeItem("teei.token");
  show();
}

function drawFrame(name) {
  document.documentElement.lang = state.lang;
  document.getElementById("skip").textContent = t("frame.skip");
  const entry = (view, text) =>
    h("li", {}, h("a", { href: `#/${view}`, "aria-current": view === name ? "page" : null }, text));
  const language = h(
    "select",
    {
      id: "language",
      "aria-label": t("frame.language"),
      onchange: () => {
        state.lang = language.value;
        localStorage.setItem("teei.lang", state.lang);
        show();
        document.getElementById("language").focus();
      },
    },
    Object.entries(LANGS).map(([code, text]) =>
      h("option", { value: code, lang: code, selected: code === state.lang }, text),
    ),
  );
  fill(
    document.getElementById("top"),
    h(
      "div",
      { class: "bar" },
      h("span", { class: "brand" }, t("frame.brand")),
      state.token
        ? h(
            "nav",
            { "aria-label": t("frame.nav") },
            h("ul", {}, entries().map(([view, text]) => entry(view, text))),
          )
        : null,
      h(
        "div",
        { class: "tools" },
        language,
        state.token ? button(t("frame.sign_out"), () => leaving(() => signOut("sign_in.out")), "slim") : null,
      ),
    ),
  );
}

let firstShow = true;

/** Shows what the address names. The heading gets the focus, as a new page would. */
async function show() {
  state.view?.leave.abort();
  const leave = new AbortController();
  const main = document.getElementById("main");
  const view = {
    leave,
    signal: leave.signal,
    show(title, ...content) {
      if (leave.signal.aborted) return;
      const heading = h("h1", { tabindex: "-1" }, title);
      document.title = `${title} – ${t("frame.brand")}`;
      fill(main, heading, content);
      if (!firstShow && !document.querySelector("dialog[open]")) {
        heading.focus({ preventScroll: true });
        scrollTo(0, 0);
      }
      firstShow = false;
    },
    fail(error) {
      if (leave.signal.aborted || error.name === "AbortError") return;
      view.show(t("frame.trouble"), trouble(error, show), h("p", {}, link(t("frame.to_list"), `#/${LIST}`)));
    },
  };
  state.view = view;
  if (!state.token) {
    drawFrame("");
    return signInView(view);
  }
  const { name, query } = address();
  drawFrame(name in DETAILS ? DETAILS[name] : name);
  fill(main, h("p", {}, t("wait")));
  try {
    await VIEWS[name](query, view);
  } catch (error) {
    view.fail(error);
  }
}

function signInView(view) {
  const field = h("input", {
    type: "password",
    id: "token",
    autocomplete: "off",
    spellcheck: "false",
    required: true,
    "aria-describedby": "token-help",
  });
  const failed = h("div", {});
  const submit = async (event) => {
    event.preventDefault();
    const token = field.value.trim().replace(/^Bearer\s+/i, "");
    // What is no token at all would not even fit into a header.
    if (!/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)) {
      fill(
        failed,
        h(
          "p",
          { class: "error", role: "alert", id: "token-error" },
          t(token ? "sign_in.not_a_token" : "sign_in.empty"),
        ),
      );
      field.setAttribute("aria-describedby", "token-error token-help");
      field.setAttribute("aria-invalid", "true");
      return field.focus();
    }
    state.token = token;
    state.after = "";
    try {
      await api(...CHECK);
      sessionStorage.setItem("teei.token", token);
      show();
      signedIn();
    } catch (error) {
      if (error.problem?.status === 401) return; // shown by the way out
      state.token = null;
      fill(
        failed,
        trouble(error, () => form.requestSubmit()),
      );
    }
  };
  const form = h(
    "form",
    { class: "card", onsubmit: submit, novalidate: true },
    state.after
      ? note(state.after === "sign_in.out" ? "good" : "warn", h("p", { role: "alert" }, t(state.after)))
      : null,
    h(
      "div",
      { class: "field" },
      h("label", { for: "token" }, t("sign_in.token")),
      field,
      failed,
      h("p", { class: "small", id: "token-help" }, t("sign_in.help")),
    ),
    h("button", { type: "submit", class: "button main" }, t("sign_in.button")),
  );
  view.show(t("sign_in.title"), h("p", { class: "lead" }, t("sign_in.lead")), form);
}

// Not as an address: the hash names the view.
document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault();
  document.getElementById("main").focus();
});
window.addEventListener("hashchange", show);
