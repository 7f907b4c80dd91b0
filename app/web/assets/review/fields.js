/** The categories of findings and the fields of each, in the order in which a clinician reads them. */

import { day, told } from '../words.js';

/** @import { CategoryName, Finding } from '../types.d.ts' */

/**
 * @typedef {object} Field
 * @property {string} name as in the API
 * @property {string} label
 * @property {string[]} [choices] where only these are possible
 * @property {boolean} [needed]
 */
/**
 * @typedef {object} Category
 * @property {CategoryName} name
 * @property {string} title
 * @property {string} one
 * @property {string} main the field that names the thing
 * @property {Field[]} fields
 */

const PRIORITY = { name: 'priority', label: 'Priority', choices: ['high', 'medium', 'low'] };
const DESCRIPTION = { name: 'description', label: 'What', needed: true };
const REASON = { name: 'reason', label: 'For' };
const DUE = { name: 'due', label: 'When' };

/** @type {Category[]} */
export const CATEGORIES = [
  {
    name: 'medication_instructions', title: 'Medicines', one: 'Medicine', main: 'medication_name', fields: [
      { name: 'status', label: 'Action', choices: ['start', 'continue', 'change', 'stop'] },
      { name: 'medication_name', label: 'Medicine', needed: true },
      { name: 'dosage', label: 'Dose' }, { name: 'frequency', label: 'How often' }, { name: 'duration', label: 'How long' },
      { name: 'route', label: 'Route' }, REASON, { name: 'special_instructions', label: 'Note' },
    ],
  },
  {
    name: 'follow_up_tasks', title: 'Follow-up', one: 'Follow-up', main: 'description', fields: [
      DESCRIPTION, DUE, { name: 'assigned_to', label: 'Who', choices: ['patient', 'clinician', 'both'] }, PRIORITY, REASON,
    ],
  },
  {
    name: 'clinician_todos', title: 'For the clinician', one: 'To-do', main: 'description', fields: [
      { name: 'task_type', label: 'Kind', choices: ['follow_up', 'referral', 'test_order', 'prescription', 'documentation', 'billing', 'other'] },
      DESCRIPTION, DUE, PRIORITY, REASON,
    ],
  },
  {
    name: 'patient_reminders', title: 'For the patient', one: 'Reminder', main: 'description', fields: [
      { name: 'reminder_type', label: 'Kind', choices: ['appointment', 'medication', 'test', 'lifestyle', 'other'] },
      DESCRIPTION, DUE, PRIORITY,
    ],
  },
  {
    name: 'problems', title: 'Problems', one: 'Problem', main: 'name', fields: [
      { name: 'name', label: 'Problem', needed: true },
      { name: 'assertion', label: 'Is', choices: ['present', 'absent', 'possible', 'historical', 'family'] },
    ],
  },
  {
    name: 'allergies', title: 'Allergies', one: 'Allergy', main: 'substance', fields: [
      { name: 'substance', label: 'To', needed: true }, { name: 'reaction', label: 'Reaction' },
    ],
  },
  {
    name: 'vitals', title: 'Measured', one: 'Measurement', main: 'name', fields: [
      { name: 'name', label: 'What', needed: true }, { name: 'value', label: 'Value', needed: true }, { name: 'unit', label: 'Unit' },
    ],
  },
  {
    name: 'custom', title: 'Your own categories', one: 'Own category', main: 'value', fields: [
      { name: 'category', label: 'Category', needed: true }, { name: 'value', label: 'Value', needed: true },
    ],
  },
];

const BY_NAME = new Map(CATEGORIES.map((category) => [category.name, category]));

/** @param {CategoryName} name @returns {Category} */
export function categoryOf(name) {
  const found = BY_NAME.get(name);
  if (!found) throw new Error(`no category ${name}`);
  return found;
}

/**
 * One line that names a finding.
 * @param {CategoryName} category
 * @param {Partial<Finding>} item
 */
export function headline(category, item) {
  const main = String(item[categoryOf(category).main] ?? 'Without words');
  if (category === 'medication_instructions') return `${told(String(item.status ?? ''))} ${main}`.trim();
  if (category === 'problems' && item.assertion !== 'present') return `${main} (${item.assertion})`;
  if (category === 'allergies') return `${main}${item.reaction ? `: ${item.reaction}` : ''}`;
  if (category === 'vitals') return `${main}: ${[item.value, item.unit].filter(Boolean).join(' ')}`;
  if (category === 'custom') return `${told(String(item.category ?? ''))}: ${main}`;
  return main;
}

/**
 * What is known beside the headline, as labels with values.
 * @param {CategoryName} category
 * @param {Partial<Finding>} item
 * @returns {[string, string][]}
 */
export function details(category, item) {
  const inHeadline = ['status', 'assertion', 'reaction', 'value', 'unit', 'category', categoryOf(category).main];
  const shown = categoryOf(category).fields.filter(({ name }) => !inHeadline.includes(name) && item[name] && !isPlain(name, item[name]));
  return shown.map(({ name, label, choices }) => {
    const value = choices ? told(String(item[name])) : String(item[name]);
    return [label, name === 'due' && item.due_date ? `${value} (${day(String(item.due_date))})` : value];
  });
}

/** What goes without saying on a card. @param {string} name @param {unknown} value */
function isPlain(name, value) {
  return name === 'priority' && value === 'medium';
}
