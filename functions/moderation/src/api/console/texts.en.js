const TEXTS = {};

TEXTS.en = {
  wait: "One moment …",
  frame: { brand: "TEEI safety", nav: "Main", language: "Language", sign_out: "Sign out", skip: "Skip to the content", trouble: "This did not work", to_list: "To the queue" },
  sign_in: {
    title: "Sign in", lead: "Look at what screening held back, and decide.",
    token: "Your access token", help: "Paste the token you were given. It is kept in this tab only and forgotten when you close it.", button: "Sign in",
    empty: "Paste your token first.", not_a_token: "This is not a whole token. Copy it again, from the first to the last character.",
    bad: "The token is not accepted. Ask for a new one and paste it here. Notes you have typed are kept.", expired: "Your token has run out. Ask for a new one and paste it here; you continue where you were, and your notes are kept.", out: "You are signed out.",
  },
  offline: "You are offline. Your notes stay here; nothing is sent until you press the button again.",
  leave: { title: "Sign out?", will: { one: "Notes on {n} item are not sent yet. They are forgotten.", other: "Notes on {n} items are not sent yet. They are forgotten." } },
  help: {
    title: "This page is no emergency service.", watched: "Nobody watches it day and night.", danger: "Danger now? Call first, decide here later:", medical: "medical (Norway)", police: "police",
    contact: "Outside office hours, safeguarding answers at", is_open: "The office is open now ({hours}).", is_closed: "The office is closed now; it is open {hours}.", lines: "Help lines to call or to pass on",
    country: { no: "Norway", ua: "Ukraine", gb: "United Kingdom" },
    line: {
      no_113: "Medical emergency", no_112: "Police", no_116117: "Doctor on duty, day and night", no_116123: "Mental Helse, somebody to talk to, day and night", no_116111: "Alarm line for children and young people",
      ua_103: "Medical emergency", ua_7333: "Lifeline Ukraine, suicide prevention", gb_999: "Emergency", gb_116123: "Samaritans, somebody to talk to",
    },
  },
  queue: {
    title: "Queue", next: "Take the next one", look: "Look again", looked: "Last looked at {at}", mine: "Held by you", sensitive: "Sensitive lane", general: "Waiting", empty: "Nothing waits",
    empty_help: "Everything that was held back is decided. This page looks again every minute while it is open.", none_free: "Nothing is free: what waits is held by somebody.",
    about: { mine: "Nobody else can take these until your time runs out.", sensitive: "Self-harm, people in danger, threats. For named reviewers; nothing is closed unseen.", general: "Urgent first, then the oldest." },
    more: { one: "This is the first one. The others follow when it is decided.", other: "These are the first {n}. The others follow as these are decided." },
    urgent_now: { one: "{n} urgent item waits", other: "{n} urgent items wait" },
    tile: { waiting: { one: "waits", other: "wait" }, urgent: { one: "urgent", other: "urgent" }, late: { one: "not opened in time", other: "not opened in time" }, next_target: "to the next target", mine: { one: "held by you", other: "held by you" } },
  },
  tag: { urgent: "Urgent", sensitive: "Sensitive", withdrawn: "Text withdrawn", draft: "Notes not sent" },
  reason: { aimed_block: "Blocked, aimed at a person", block: "Blocked", sample: "Spot check of blocked texts", appeal: "Contested decision" },
  target: { left: "To be opened within {length}, by {at}", late: "{length} past the target ({at})", opened: "First opened {at}" },
  held: { nobody: "Free", you: "Held by you until {until}", other: "Held by {by} until {until}" },
  item: {
    by: "written by: {who}", written: "Written {ago}", waits: "Waiting for {length}.", nothing_found: "No finding", old: "What it says may be past. The person may still need somebody.",
    to_queue: "To the queue", words: "What was written", hidden: "The words are hidden; they may be hard to read. That you open them is recorded.", open: "Open the words", hide: "Hide the words", hidden_now: "The words are hidden", hidden_idle: "The words were hidden because nobody touched the page",
    why: "Why it was held back", no_reason: "No rule stands behind this; the screening did not come to an end.", to_place: "Show the place: {words}", whole_text: "The text as a whole", failure: "The screening did not come to an end:", withdrawn: "The text was withdrawn or replaced since: it is not used any more. Somebody may still have to act.", unreadable: "The words cannot be read.", rule: "Rule", sure: "{share} sure", obfuscated: "disguised", aimed: "aimed at a person",
  },
  screened: { allow: "Let through", review: "Held back until a person decides", block: "Blocked" },
  lease: {
    free: "Nobody holds this. Take it to open it: then nobody else decides on it at the same time.", take: "Take it", again: "Take it again", mine: "You hold this.", left: "{length} left.", other: "{by} holds this until {until}. Only one person decides at a time.",
    lapsed: "Your time has run out, and the item is free for others. Your notes are kept. Take it again to go on.", longer: "Hold it longer", release: "Give it back", taken: "You hold it until {until}", released: "Given back to the queue", soon: "Less than two minutes left to decide",
  },
  danger: {
    title: "Somebody may be in danger", judge: "Look first at when it was written, then at whether it happens now.", act: "Danger now: call the emergency number, then follow your safeguarding routine. Do not wait for this page.",
    lines: "Nobody was told by the system, and no help line was called: what is done, people do.", decide: "No decision here is an act. Write in the notes what you did and who has taken over.",
  },
  decide: {
    title: "Decide", open_first: "Open the words first.", take_again: "Take the item again to decide.", notes: "Notes (optional)", notes_why: "Notes: why?", notes_needed: "Notes: what did you see, what was done, who takes over?", notes_missing: "Write it in a few words: others have only your notes.",
    notes_help: "What you saw and did. Names and numbers are not needed. Notes are sealed, like the words. Ctrl + Enter sends.", final: "A decision takes effect at once. It cannot be taken back with a button; it can be contested, and another person then looks.",
    back: "Choose another", never_scored: "Texts with such findings are not scored, with or without details.", withdrawn: "The text was withdrawn: it cannot be let through.", redacted: "This is what would go on", kept: "Your notes are kept. Choose a decision.", left: "Your notes were not sent", left_help: "The item is not yours any more. Copy the notes if you need them.", copy: "Copy the notes", copied: "Copied", drop: "Forget the notes",
  },
  decision: {
    overturn: {
      name: "Let through", for: "The screening was wrong, or it is harmless.", ask: "Let it through?", confirm: "Yes, let it through", done: "Let through",
      does: "The text goes on as it was written, and may be scored. It counts against the rules that held it back.",
      unscored: {
        name: "Nothing wrong with it", for: "The screening was wrong.", ask: "Close it: nothing wrong?", confirm: "Yes, nothing wrong", done: "Closed: nothing wrong with it",
        does: "The item is closed, and counts against the rules that held it back. The text is still not scored: texts with such findings never are.",
      },
      concern: {
        name: "No concern", for: "The screening was wrong: nobody is in danger.", ask: "Close it: no concern?", confirm: "Yes, no concern", done: "Closed: no concern",
        does: "The item is closed, and counts against the rules that held it back. The text is not scored: texts with such findings never are.",
      },
    },
    redact: {
      name: "Let through without details", for: "It is fine once phone numbers, addresses and the like are gone.", ask: "Let it through without the details?", confirm: "Yes, without the details", done: "Let through without the details",
      does: "The marked personal details are replaced by words like [PHONE_1]. Only this version goes on, and may be scored.",
    },
    uphold: {
      name: "Keep back", for: "The screening was right.", ask: "Keep it back?", confirm: "Yes, keep it back", done: "Kept back",
      does: "The text is not scored. It is not deleted, and the system tells nobody. It counts for the rules that held it back.",
      concern: {
        name: "The concern is real", for: "The screening was right, and somebody takes care of it.", ask: "Close it: the concern is real?", confirm: "Yes, it is real", done: "Closed: the concern is real",
        does: "The item is closed. The text is not scored and not deleted. The system tells nobody and does nothing for the person: what was done stands in your notes.",
      },
    },
    escalate: { name: "Pass on", for: "Somebody else has to look.", ask: "Pass it on?", confirm: "Yes, pass it on", done: "Passed on", does: "The item goes to the safeguarding reviewers as urgent, with your notes, and only they see it then. The text stays held back.", sensitive: { does: "The item stays in the sensitive lane, free for another person, with your notes. The text stays held back." } },
  },
  redact: {
    more: "Also replace these words", add: "Add", help: "Type them as they stand in the text, or select them there. They are replaced wherever they stand.", not_there: "These words are not in the text.", added: "Will be replaced: {words}", keep: "Keep", keep_words: "Keep {words} in the text", nothing: "Nothing would be replaced. Add words, or let it through as it is.",
  },
  often: { title: "Often the reason", idiom: "A figure of speech", past: "Tells of the past or of others", quoted: "Quotes it, or speaks against it", other: "Harmless where it stands" },
  failure: { engine_panicked: "a fault", engine_too_slow: "it took too long", engine_failed: "a fault", text_unreadable: "the text cannot be read" },
  closed: { decided: "{what}: decided by {by}, {when}.", withdrawal: "Closed: the text was withdrawn.", rescreening: "Closed: screened again, and nothing holds it back any more.", erasure: "Closed: the person's data was erased.", other: "Closed." },
  history: { title: "Earlier decisions" },
  appeal: { title: "Contest this decision", help: "Another item is made, and somebody else decides. Until then this decision stands.", why: "Why?", missing: "Write why the decision should be looked at again.", send: "Contest it", open: "Open it", done: "Contested: it waits in the queue for another person" },
  find: {
    title: "Decided", show: "Show", closed: "Decided", held: "Blocked, in no queue", none: "There is none.", more: "Show more",
    about: { closed: "What people decided. A decision can be contested.", held: "Texts that were blocked without anybody having to look. A few of them come into the queue each day as a spot check; you may take any." },
  },
  rules: {
    title: "Rules", lead: "How often people let through what a rule had held back. A rule that is overturned often should be changed.", told: "Rules with 20 decisions or more", few: "Rules with fewer decisions: no share yet", none: "There is none yet.",
    rule: "Rule", category: "Category", held: "Held back", decided: "Decided", overturned: "Overturned", share: "Overturned of decided",
  },
  keys: {
    title: "Keys", button: "Keys", help: "They do nothing while you type or while a question is open.", on: "Use single keys", close: "Close", this: "? shows this.", confirm: "In the notes: send the decision", back: "In the notes: choose another decision",
    at: { queue: "In the queue", item: "On an item" },
    queue: { n: "Take the next one", j: "Down", k: "Up", u: "Look again" },
    item: { c: "Take it", o: "Open or hide the words", j: "Next place found", k: "Place before", 1: "Let through", 2: "Let through without details", 3: "Keep back", 4: "Pass on", r: "Give it back", q: "To the queue" },
  },
  category: { hate: "Hate", harassment: "Harassment", threat: "Threat", self_harm: "Self-harm", sexual: "Sexual", pii: "Personal details", spam: "Spam", safeguarding: "Safeguarding", unsupported_language: "Language not covered" },
  grade: {
    immediate: "a plan or a goodbye", active: "wants to die or hurts oneself", passive: "would rather not be", history: "in the past", third_party: "worry about somebody else", encouraged: "told to die", direct: "plain", veiled: "veiled", suggestive: "suggestive", suspected: "like labelled examples, no rule", insult: "an insult",
    attack: "an attack", scam: "advertising or a scam", noise: "noise", contact: "reaches a person", identity: "identity numbers", disclosure: "told about somebody in the programme", ongoing: "goes on now", not_covered: "not covered",
  },
  kind: { kintell_session: "Note on a Kintell meeting", buddy_checkin: "Buddy check-in", buddy_feedback: "Feedback on a buddy match", course_reflection: "Reflection on a course", other: "Text" },
  role: { participant: "participant", volunteer: "volunteer", buddy: "buddy", undeclared: "not known" },
  language: { en: "English", nb: "Norwegian", uk: "Ukrainian", ru: "Russian" },
  ask: { will: "This will happen:", cancel: "Cancel" },
  field: { missing_field: "Notes are needed: write why.", too_long: "The notes are too long: 2,000 characters at most.", nothing_redacted: "Nothing would be replaced: add words, or let it through as it is." },
  problem: {
    again: "Try again", retry_helps: "Trying again may help.", retry_useless: "Trying the same again will not help.", request: "If you ask for help, give this number: {id}",
    no_answer: { what: "The server does not answer", do: "Check your network connection. What you typed is kept." }, no_problem: { what: "Something went wrong", do: "If it happens again, tell the people who run the system." }, page_fault: { what: "This page made a mistake", do: "Load the page again. Your notes are kept." },
    bad_token: { what: "The token is not accepted", do: "Sign in again." }, expired_token: { what: "Your token has run out", do: "Sign in again." }, missing_token: { what: "You are not signed in", do: "Sign in again." },
    forbidden: { what: "You may not do this", do: "Your role does not allow it. Ask somebody whose role does." }, not_found: { what: "There is no such item", do: "It may be in a lane you may not see, or the person's data was erased." },
    bad_field: { what: "The request was not accepted", do: "See below what is wrong." },
    already_claimed: { what: "Somebody else took it", do: "It is shown below as it is now." }, not_claimed: { what: "You do not hold this any more", do: "Take it again to go on. Your notes are kept." }, review_closed: { what: "It is decided already", do: "Somebody else was faster. It is shown below as it is now." },
    not_opened: { what: "The words were not opened", do: "Open them first: nothing of the sensitive lane is closed unseen." }, stale: { what: "Somebody was faster", do: "It is shown below as it is now. Look before you decide." },
    other_eyes: { what: "Somebody else has to decide", do: "You made the decision that is contested here." }, text_withdrawn: { what: "The text was withdrawn", do: "It cannot be let through any more. Keep it back, or pass it on." },
    not_decided: { what: "There is nothing to contest", do: "Only a decision can be contested, and only while the text is in no other item." }, idempotency_mismatch: { what: "It was sent before with other words", do: "Load the page again and look before you decide." },
    idempotency_running: { what: "It is on its way already", do: "The first try is still being answered. Wait a moment." },
    gateway_refused: { what: "Too many requests, or not allowed", do: "Wait a moment." }, internal: { what: "A mistake of the system", do: "Tell the people who run the system. What you typed is kept." },
    database_unavailable: { what: "The database does not answer", do: "Nothing was changed. Wait a few seconds." }, bus_unavailable: { what: "The queue of events does not answer", do: "Nothing was changed. Wait a few seconds." }, vault_unavailable: { what: "The keys for personal data cannot be reached", do: "Nothing was changed. Wait a few seconds." }, keys_unavailable: { what: "Your token cannot be checked now", do: "Wait a few seconds." },
  },
};
