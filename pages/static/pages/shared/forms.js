// A plain form is sent with the token that the cookie holds now: a login elsewhere changed that of the page.
// The admin loads it as a plain script, which imports nothing: the pattern is the one of requests.js.
document.addEventListener("submit", ({ target }) => {
  const field = target.querySelector("[name=csrfmiddlewaretoken]");
  const now = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1];
  if (field && now) field.value = now;
});
