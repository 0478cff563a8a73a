// The API's bodies under the names the dashboard uses. schema.ts is generated: `npm run types`.
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Monitor = Schemas["MonitorOut"];
export type MonitorDetail = Schemas["MonitorDetail"];
export type WindowSummary = Schemas["WindowOut"];
export type WindowDetail = Schemas["WindowDetail"];
export type Feature = Schemas["FeatureOut"];
export type Metric = Schemas["MetricOut"];
export type SparkPoint = Schemas["SparkPoint"];
export type Summary = Schemas["SummaryReply"];
export type Series = Schemas["SeriesReply"];
export type SeriesPoint = Schemas["SeriesPoint"];
export type Heatmap = Schemas["HeatmapReply"];
export type Distribution = Schemas["DistributionReply"];
export type Bin = Schemas["Bin"];
export type DriftEvent = Schemas["EventOut"];
export type Alert = Schemas["AlertOut"];
export type AlertDetail = Schemas["AlertDetail"];
export type Delivery = Schemas["DeliveryOut"];
export type Silence = Schemas["SilenceOut"];
export type Sink = Schemas["SinkOut"];
export type SinkTest = Schemas["SinkTest"];
export type ApiKey = Schemas["KeyOut"];
export type NewApiKey = Schemas["KeyCreated"];
export type Baseline = Schemas["BaselineOut"];
export type BaselineDiff = Schemas["BaselineDiff"];
export type Preview = Schemas["PreviewOut"];
export type PreviewWindow = Schemas["PreviewWindow"];
export type Source = Schemas["SourceOut"];
export type Run = Schemas["RunOut"];
export type RunDetail = Schemas["RunDetail"];
export type Health = Schemas["HealthReply"];
export type Ready = Schemas["ReadyReply"];
export type Me = Schemas["MeReply"];
export type ErrorReply = Schemas["ErrorReply"];

export type MonitorState = Monitor["state"];
export type FeatureState = Feature["state"];
export type Severity = NonNullable<Monitor["severity"]>;

/** A page of a list; `next` goes into `?cursor=`. */
export interface Page<T> {
  items: T[];
  next: string | null;
}
