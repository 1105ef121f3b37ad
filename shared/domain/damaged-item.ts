/** The words, on every surface, for a case that can't be read because something other than Cordon changed its item. */
export const damagedItem = 'its item in the table is damaged';

/** What to do about it. An open case may still hold its thing. */
export const mendDamaged = {
  closed: 'restore it from a backup of the table, or delete it',
  open: 'restore it from a backup of the table, or delete it and check the thing by hand',
};
