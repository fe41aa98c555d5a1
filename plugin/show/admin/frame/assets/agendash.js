// Names what Agendash leaves without a name, and lets keys reach what only a mouse does. It draws itself again now and then,
// so that this looks after each of its changes.

const named = (element, name) => {
  if (element && name && !element.hasAttribute('aria-label')) element.setAttribute('aria-label', name);
};

const text = (element) => element?.textContent.trim() ?? '';

/** Fields stand beside their names, without saying so. */
function nameFields() {
  for (const group of document.querySelectorAll('.input-group'))
    named(group.querySelector('.form-control, .form-select'), text(group.querySelector('.input-group-text')));
  for (const box of document.querySelectorAll('tbody input[type="checkbox"]')) {
    const cells = box.closest('tr')?.querySelectorAll('td') ?? [];
    named(box, `Select the job ${text(cells[2])}`.trim());
  }
  for (const label of document.querySelectorAll('label:not([for])')) {
    const field = label.parentElement?.querySelector('input, textarea, select');
    if (field && !label.contains(field)) named(field, text(label));
  }
}

/** The table's first heading is a box to tick, and its cells claim to be headings. */
function nameTable() {
  const box = document.querySelector('thead input[type="checkbox"]');
  named(box, 'Select all jobs');
  const heading = box?.closest('th');
  if (heading && !heading.querySelector('.visually-hidden'))
    heading.insertAdjacentHTML('beforeend', '<span class="visually-hidden">Selected</span>');
  for (const cell of document.querySelectorAll('td[scope]')) cell.removeAttribute('scope');
}

/** What is clicked at is a button, also for a keyboard and for who hears the page. */
function nameButtons() {
  for (const element of document.querySelectorAll('.action-btn, .job-header')) {
    if (element.getAttribute('role') === 'button') continue;
    element.setAttribute('role', 'button');
    element.setAttribute('tabindex', '0');
    if (element.title) named(element, element.title);
    element.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' && event.key !== ' ') return;
      // Whatever dialog opens takes the Enter that reaches the document for a yes.
      event.preventDefault();
      event.stopPropagation();
      element.click();
    });
  }
  // A word on a button is its name.
  for (const button of document.querySelectorAll('button[title]'))
    if (!/\w/.test(text(button))) named(button, button.title);
  for (const button of document.querySelectorAll('.btn-close, .sidebar-mobile-close')) named(button, 'Close');
  for (const button of document.querySelectorAll('.mobile-menu-btn')) named(button, 'Jobs by name');
}

function nameHead() {
  const brand = document.querySelector('.navbar-brand');
  if (!brand || brand.hasAttribute('role')) return;
  brand.setAttribute('role', 'heading');
  brand.setAttribute('aria-level', '1');
  brand.insertAdjacentHTML('afterend', '<a class="archiver-back" href="../../queue">Back to the archiver</a>');
}

/** What opens over the page is a dialog, and has the focus. */
function nameDialogs() {
  for (const title of document.querySelectorAll('.modal-title')) {
    title.setAttribute('role', 'heading');
    title.setAttribute('aria-level', '2');
  }
  for (const dialog of document.querySelectorAll('.modal-container:not([role])')) {
    dialog.setAttribute('role', 'dialog');
    dialog.setAttribute('aria-modal', 'true');
    named(dialog, text(dialog.querySelector('.modal-title')) || 'Dialog');
    const close = dialog.querySelector('.btn-close');
    close?.focus();
  }
}

function mend() {
  nameDialogs();
  nameHead();
  nameFields();
  nameTable();
  nameButtons();
}

/** Agendash takes every Enter for a yes, also one on Cancel: on a button of a dialog it presses that button. */
function pressButton(event) {
  const { target, key } = event;
  if (key === 'Enter' && target instanceof HTMLButtonElement && target.closest('[role="dialog"]'))
    event.stopImmediatePropagation();
}

document.addEventListener('keydown', pressButton, { capture: true });
new MutationObserver(mend).observe(document.body, { childList: true, subtree: true });
mend();
