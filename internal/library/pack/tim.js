// The search page of the archive: the list of documents is in the page already; this only hides what does not match, with or without
// tones. Without script the list stays whole.
const plain = (text) => text.normalize('NFD').replace(/\p{M}/gu, '').replace(/đ/gi, 'd').toLowerCase();
const field = document.getElementById('q');
const items = [...document.querySelectorAll('#danh-sach li')].map((li) => [li, plain(li.textContent)]);
field.closest('form').hidden = false;
field.addEventListener('input', () => {
  const words = plain(field.value).split(/\s+/).filter(Boolean);
  for (const [li, text] of items) li.hidden = !words.every((w) => text.includes(w));
});
