// Calendar quarters in Norway, counted without gaps: year × 4 + 0 to 3. Days are `YYYY-MM-DD`.

const DAY = 86_400_000;
const quarterOf = (day) => Number(day.slice(0, 4)) * 4 + Math.floor((Number(day.slice(5, 7)) - 1) / 3);
const firstDay = (quarter) => `${Math.floor(quarter / 4)}-${String((quarter % 4) * 3 + 1).padStart(2, "0")}-01`;
const shifted = (day, by) => new Date(Date.parse(`${day}T00:00:00Z`) + by * DAY).toISOString().slice(0, 10);

/** The last quarter of a period whose end is the day after it. */
const lastOf = (to) => quarterOf(shifted(to, -1));

/** The day in Norway, by the server's clock. */
const today = () => new Intl.DateTimeFormat("sv-SE", { timeZone: "Europe/Oslo" }).format(new Date(Date.now() + state.skew));

const parts = (quarter) => ({ q: String((quarter % 4) + 1), year: String(Math.floor(quarter / 4)) });
const quarterName = (quarter) => t("quarter.one", parts(quarter));

/** One quarter, or from one to another. */
const spanName = (first, last) => (first === last ? quarterName(first) : t("quarter.span", { from: quarterName(first), to: quarterName(last) }));

/** What of a day or a time is shown: the date. */
const dateOf = (time) => new Intl.DateTimeFormat(LOCALES[state.lang], { dateStyle: "medium", timeZone: "Europe/Oslo" }).format(new Date(time));

/** The newest quarter that may be asked for: companies see one only when its files have come in. */
const newest = (lagDays) => (staff() ? quarterOf(today()) : quarterOf(shifted(today(), -lagDays)) - 1);
