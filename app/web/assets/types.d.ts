/** The shapes of the API, taken from the service's own OpenAPI document (`make lint` generates `openapi.d.ts`). */

import type { components, paths } from '../../../tests/web/types/openapi';

type Schemas = components['schemas'];
type Json<Operation> = Operation extends { responses: infer Answers }
  ? { [Status in keyof Answers]: Status extends 200 | 201
        ? Answers[Status] extends { content: { 'application/json': infer Body } } ? Body : never
        : never }[keyof Answers]
  : never;

export type Method = 'get' | 'post' | 'patch' | 'put' | 'delete';
/** The paths that take a method. */
export type PathOf<M extends Method> =
  { [P in keyof paths]: paths[P] extends { [K in M]: { responses: unknown } } ? P : never }[keyof paths];
type Operation<P extends keyof paths, M extends Method> = paths[P] extends { [K in M]: infer Found } ? Found : never;
type Parameters<P extends keyof paths, M extends Method> =
  Operation<P, M> extends { parameters: infer Found } ? Found : never;

/** What a 200 or 201 holds; undefined where there is no content. */
export type Answer<P extends keyof paths, M extends Method> = Json<Operation<P, M>>;
export type BodyOf<P extends keyof paths, M extends Method> =
  Operation<P, M> extends { requestBody: { content: { 'application/json': infer Body } } } ? Body : undefined;
export type QueryOf<P extends keyof paths, M extends Method> =
  Parameters<P, M> extends { query?: infer Query } ? Query : undefined;
export type InPath<P extends keyof paths, M extends Method> =
  Parameters<P, M> extends { path: infer Steps } ? Steps : undefined;

export type Run = Schemas['RunBody'];
export type RunSummary = Schemas['RunSummary'];
export type TimingsHistory = Schemas['TimingsHistory'];
export type PhaseStatistics = Schemas['PhaseStatistics'];
export type ReviewedRun = Schemas['ReviewedRun'];
export type ReviewedItem = Omit<Schemas['ReviewedItemBody'], 'item'> & { item: Finding };
export type Decision = Schemas['ItemDecision'];
export type Extraction = Schemas['ExtractionBody'];
export type Evidence = Schemas['Evidence'];
export type Transcript = Schemas['TranscriptBody'];
export type Turn = Schemas['TurnBody'];
export type ExtractBody = Schemas['ExtractBody'];
export type Phase = Schemas['PhaseBody'];
export type Problem = Schemas['ProblemBody'];
export type Sop = Schemas['StoredSop'];
export type TestCase = Schemas['StoredTestCase'];
export type CategoryName = Exclude<keyof Extraction, 'summary'>;

/** A finding of any category; which fields it has beside these, `review/fields.js` tells. */
export interface Finding extends Pick<Schemas['Vital'], 'id' | 'commitment' | 'evidence' | 'verification' | 'flags' | 'repairs'> {
  confidence: number | null;
  [field: string]: unknown;
}

/** A stretch of the transcript, in code points. */
export interface Span { start: number; end: number }

/** Words with weight that no finding accounts for. */
export interface Missed extends Span { turn: number; speaker: string | null; quote: string; reasons: string[] }

/** What the service tells of an extraction's quality; the OpenAPI document leaves it open. */
export interface Evaluation {
  overall_score: number;
  confidence: 'high' | 'medium' | 'low';
  expected_error: number;
  possibly_missed: Missed[];
  sop_trace: SopTrace[];
  ledger: Ledger;
}
export interface SopTrace { sop_id: string; title: string; steps: SopStep[] }
export interface SopStep {
  number: number;
  step: string;
  status: 'satisfied' | 'unmet' | 'not_applicable';
  item_id: string | null;
  quote: Evidence | null;
}
export interface LedgerEntry { category: CategoryName; reason?: string; item: Partial<Finding> | null }
export interface Ledger { raw: number; returned: number; merged: LedgerEntry[]; rejected: LedgerEntry[] }

export interface PhaseEvent extends Phase { phase: string; failed?: boolean }
