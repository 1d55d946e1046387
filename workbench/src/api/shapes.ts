/** Short names for the server's typed shapes. */
import type { components } from "../api.gen";

type Schemas = components["schemas"];

export type Form = Schemas["Form"];
export type Job = Schemas["Job"];
export type Result = Schemas["Result"];
export type Variable = Schemas["Variable"];
export type Values = Schemas["Values"];
export type ModelEntry = Schemas["ModelEntry"];
export type KnownName = Schemas["KnownName"];
export type Tokens = Schemas["Tokens"];
export type Token = Schemas["Token"];
export type CommonPrompt = Schemas["CommonPrompt"];
export type JobEvent = Schemas["JobEvent"];
export type Recipe = Schemas["Recipe"];
export type CheckedStep = Schemas["CheckedStep"];
export type StartFrame = Schemas["StartFrame"];
export type TokenFrame = Schemas["TokenFrame"];
export type EndFrame = Schemas["EndFrame"];
export type ErrorFrame = Schemas["ErrorFrame"];
export type StreamBody = Schemas["StreamBody"];
export type ResultEntry = Schemas["ResultEntry"];
export type Me = Schemas["Me"];
export type Alert = Schemas["Alert"];
export type Alerts = Schemas["Alerts"];
export type AlertEvent = Schemas["AlertEvent"];
export type Rule = Schemas["Rule"];
export type MonitorRule = Schemas["MonitorRule"];
export type Monitors = Schemas["Monitors"];
export type TokenEntry = Schemas["TokenEntry"];
export type AuditRow = Schemas["AuditRow"];

export type Arguments = Record<string, unknown>;
/** Index chosen on each axis, by axis word. */
export type Selection = Record<string, number>;
