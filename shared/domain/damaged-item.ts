/** What is said of a case that something other than Cordon changed, so that it can't be read: wherever people meet it. */
export const damagedItem = 'its item in the table is damaged';

/** What to do about it. The thing of an open case may be held by it. */
export const mendDamaged = {
  closed: 'restore it from a backup of the table, or delete it',
  open: 'restore it from a backup of the table, or delete it and check the thing by hand',
};
