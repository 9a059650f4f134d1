// What requests of a script carry.

/** Give the token that the cookie holds now: a login in another tab has a new one. */
export const token = () => document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1] ?? "";

export const newKey = () => crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`; // a page over plain HTTP has none
