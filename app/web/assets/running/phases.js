/** The phases of a request, in the order of its story; those of a group run within it. */

/** @type {[string, string, number][]} its name, what it does, how deep it stands */
export const PHASES = [
  ['context', 'Gathering what is known', 0],
  ['user_lookup', 'Clinician', 1],
  ['sop_fetch', 'SOPs', 1],
  ['transcript_embedding', 'Meaning of the transcript', 1],
  ['test_case_search', 'Gold cases like it', 1],
  ['visit_search', 'Earlier visits like it', 1],
  ['context_selection', 'Choosing examples', 1],
  ['open_run', 'Storing the transcript', 0],
  ['llm_extraction', 'Reading the visit', 0],
  ['evaluation', 'Checking every finding', 0],
  ['extraction_embedding', 'Meaning of the findings', 0],
  ['save', 'Saving', 0],
  ['save_result', 'Result', 1],
  ['save_embeddings', 'Vectors', 1],
];
