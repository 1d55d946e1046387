/** Written by `npm run types` from the server's OpenAPI; do not edit. */

export interface paths {
    "/api/v1/admin/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Audit
         * @description Return rows of the audit log, newest first; ``before`` of a reply asks for the page after.
         */
        get: operations["list_audit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/audit/verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Verify Audit
         * @description Say whether the audit log is as it was written, and if not which row is not.
         */
        get: operations["verify_audit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Sessions
         * @description Return the browsers that are signed in, newest first.
         */
        get: operations["list_sessions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/sessions/{session_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Close Session
         * @description Sign a browser out.
         */
        delete: operations["close_session"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Tokens
         * @description Return every token that ever was, newest first, without its secret.
         */
        get: operations["list_tokens"];
        put?: never;
        /**
         * Create Token
         * @description Make a token; its secret is in the reply and never told again.
         */
        post: operations["create_token"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/tokens/{token_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Revoke Token
         * @description Revoke a token; it and the sessions that it opened end at once.
         */
        delete: operations["revoke_token"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/analyses": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Analyses
         * @description Return the form of every analysis that can be asked, or of every maker.
         */
        get: operations["list_analyses"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/analyses/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show Analysis
         * @description Return one form, of an analysis or a maker, by its name in either spelling.
         */
        get: operations["show_analysis"];
        put?: never;
        /**
         * Ask Analysis
         * @description Ask a question; the reply is its result, or its job where that takes longer than ``wait``.
         *
         *     What was asked before is answered at once, whatever else is running.
         *     ``device`` and ``dtype`` may stand beside the arguments where the analysis has a model.
         */
        post: operations["ask_analysis"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show Health
         * @description Say that the server answers; needs no session.
         */
        get: operations["show_health"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Jobs
         * @description Return every job that is remembered, newest first.
         */
        get: operations["list_jobs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/{job_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show Job
         * @description Return one job.
         */
        get: operations["show_job"];
        put?: never;
        post?: never;
        /**
         * Cancel Job
         * @description Cancel a job: at once where it waits, at its next step where it runs.
         */
        delete: operations["cancel_job"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/{job_id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Follow Job
         * @description Stream what happens to a job, up to the event that ends it; Last-Event-ID goes on where it was.
         */
        get: operations["follow_job"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/{job_id}/partial": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show Partial
         * @description Describe what a job has so far, as a result is; what is not there yet is missing, NaN.
         */
        get: operations["show_partial"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/{job_id}/partial/figure": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show Partial Figure
         * @description Draw what a job has so far, as a result is drawn.
         */
        get: operations["show_partial_figure"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/{job_id}/partial/values": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show Partial Values
         * @description Return a slice of one variable of what a job has so far, as of a result.
         */
        get: operations["show_partial_values"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/makers/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Run Maker
         * @description Train or build something on the server, in a folder of its own; the reply is the job.
         *
         *     Once it is done, ``made`` is the name that opens it as a subject, such as ``made:tuned_lens/mine``.
         *     ``out`` is the server's to choose.
         */
        post: operations["run_maker"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show Me
         * @description Return who asks: name, role, and what the key reaches.
         */
        get: operations["show_me"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/models": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Models
         * @description Return the models that open by name without a download.
         */
        get: operations["list_models"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/prompts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Prompts
         * @description Return prompts for a quick look that ship with the package.
         */
        get: operations["list_prompts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/results": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Results
         * @description Return what the store holds, newest first.
         */
        get: operations["list_results"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/results/{digest}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show Result
         * @description Describe a result: axes, variables, coordinates, provenance, and how to ask for it again.
         */
        get: operations["show_result"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/results/{digest}/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Export Result
         * @description Return a result as a file, zipped where it takes several: Zarr, tables, lines with their arrays.
         *
         *     Pictures take axes as the figure does.
         */
        get: operations["export_result"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/results/{digest}/figure": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show Figure
         * @description Draw a result by its kind as a Plotly figure, other axes held at the given indexes.
         */
        get: operations["show_figure"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/results/{digest}/values": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show Values
         * @description Return a slice of one variable; an index drops its axis, a range a:b keeps it.
         */
        get: operations["show_values"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/subjects/{type}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Subjects
         * @description Return the names known here for a type of subject, such as Task, and what makers made of it here.
         *
         *     Other names may open too.
         */
        get: operations["list_subjects"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Split Text
         * @description Split a text with a model's own tokenizer, as its analyses will.
         */
        post: operations["split_text"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * AuditPage
         * @description Rows of the record, newest first, and the ``before`` that gives the page after.
         */
        AuditPage: {
            /**
             * Before
             * @description Null on the last page.
             */
            before: number | null;
            /** Rows */
            rows: components["schemas"]["AuditRow"][];
        };
        /**
         * AuditRow
         * @description One thing that was done or refused, with the digest that chains it to the row before.
         */
        AuditRow: {
            /** Action */
            action: string;
            /** Actor */
            actor: string;
            /** Digest */
            digest: string;
            /** Facts */
            facts: {
                [key: string]: unknown;
            };
            /** Number */
            number: number;
            /** Outcome */
            outcome: string;
            /** Role */
            role: string | null;
            /** Time */
            time: string;
        };
        /**
         * AuditVerdict
         * @description Whether the record is as it was written; if not, the first wrong row and what is wrong.
         */
        AuditVerdict: {
            /**
             * Head
             * @description Digest of the last sound row; note it down elsewhere.
             */
            head: string;
            /** Number */
            number: number | null;
            /**
             * Rows
             * @description Rows that are sound, from the first.
             */
            rows: number;
            /** Trouble */
            trouble: string | null;
            /** Whole */
            whole: boolean;
        };
        /**
         * CancelledEvent
         * @description The job was cancelled.
         */
        CancelledEvent: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            event: "cancelled";
        };
        /**
         * Code
         * @description How to ask the same question again, at three doors.
         */
        Code: {
            /** Command Line */
            command_line: string;
            /** Curl */
            curl: string;
            /** Python */
            python: string;
        };
        /**
         * CommonPrompt
         * @description A prompt for a quick look, with the twin and answers that patching needs.
         */
        CommonPrompt: {
            /** Corrupt */
            corrupt: string;
            /** Distractor */
            distractor: string;
            /** Name */
            name: string;
            /** Prompt */
            prompt: string;
            /** Structure */
            structure: string;
            /** Target */
            target: string;
            /** Title */
            title: string;
        };
        /**
         * Coordinate
         * @description Labels along one axis or several, nested in the order of the axes; null where they are very many.
         */
        Coordinate: {
            /** Axes */
            axes: string[];
            /** Dtype */
            dtype: string;
            /** Values */
            values: unknown[] | null;
        };
        /**
         * ErrorEvent
         * @description The job failed.
         */
        ErrorEvent: {
            /** Detail */
            detail: string;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            event: "error";
            /** Status */
            status: number;
        };
        /**
         * Figure
         * @description A Plotly figure as data.
         */
        Figure: {
            /** Data */
            data: {
                [key: string]: unknown;
            }[];
            /** Layout */
            layout: {
                [key: string]: unknown;
            };
        };
        /**
         * Form
         * @description One analysis as its signature states it; ``parameters`` is a JSON schema of an object.
         */
        Form: {
            /** Cites */
            cites: string;
            /** Command */
            command: string;
            /** Help */
            help: string;
            /**
             * Kind
             * @enum {string}
             */
            kind: "profile" | "grid" | "attention" | "tokens" | "ranking" | "points" | "matrix" | "graph" | "field" | "trajectory";
            /** Name */
            name: string;
            /** Parameters */
            parameters: {
                [key: string]: unknown;
            };
            /**
             * Sort
             * @enum {string}
             */
            sort: "ask" | "make";
            /** Subjects */
            subjects: components["schemas"]["SubjectForm"][];
            /** Summary */
            summary: string;
            /** Version */
            version: number;
            /** Wing */
            wing: string;
        };
        /**
         * Health
         * @description That the server answers, and which build of the workbench it serves.
         */
        Health: {
            /** Build */
            build: string;
            /**
             * Status
             * @constant
             */
            status: "ok";
            /** Version */
            version: string;
        };
        /**
         * InterruptedEvent
         * @description The server stops; the job goes on when it is back, and so does its stream.
         */
        InterruptedEvent: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            event: "interrupted";
        };
        /**
         * Job
         * @description One question that was asked: where it stands, and its answer's digest or its error once ended.
         *
         *     One that the server's stop interrupted goes on when the server is back.
         */
        Job: {
            /** Analysis */
            analysis: string;
            /** Arguments */
            arguments: {
                [key: string]: unknown;
            };
            /**
             * Created
             * @description When the question was asked, ISO 8601 in UTC.
             */
            created: string;
            /** Done */
            done: number;
            /**
             * Error
             * @description One sentence that says why the job failed.
             */
            error: string | null;
            /** Id */
            id: string;
            /**
             * Interruptions
             * @description How often a stop of the server interrupted it.
             */
            interruptions: number;
            /**
             * Made
             * @description What a maker makes, by the name that opens it once it is done.
             */
            made: string | null;
            /**
             * Result
             * @description Digest of the result.
             */
            result: string | null;
            /**
             * Seconds
             * @description How long it has been running, or ran.
             */
            seconds: number | null;
            /**
             * Sort
             * @enum {string}
             */
            sort: "ask" | "make";
            /**
             * State
             * @enum {string}
             */
            state: "queued" | "running" | "done" | "failed" | "cancelled" | "interrupted";
            /**
             * Status
             * @description HTTP status that belongs to the error.
             */
            status: number | null;
            /** Total */
            total: number | null;
            /**
             * What
             * @description What is being gone through now, such as layers.
             */
            what: string;
        };
        /**
         * JobEvent
         * @description The data of one server-sent event; its ``event`` field equals the event's name.
         */
        JobEvent: components["schemas"]["QueuedEvent"] | components["schemas"]["ProgressEvent"] | components["schemas"]["PartialEvent"] | components["schemas"]["ResultEvent"] | components["schemas"]["MadeEvent"] | components["schemas"]["ErrorEvent"] | components["schemas"]["CancelledEvent"] | components["schemas"]["InterruptedEvent"];
        /**
         * KnownName
         * @description One name that opens here as a subject of some type, and what it is.
         */
        KnownName: {
            /** Name */
            name: string;
            /** Summary */
            summary: string;
        };
        /**
         * MadeEvent
         * @description The job is done; what the maker left opens by this name.
         */
        MadeEvent: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            event: "made";
            /** Name */
            name: string;
        };
        /**
         * Me
         * @description Whoever asks: name, role and what the key reaches.
         */
        Me: {
            /**
             * Models
             * @description Pattern of the models that may be run; null for any.
             */
            models: string | null;
            /** Name */
            name: string;
            /**
             * Role
             * @enum {string}
             */
            role: "viewer" | "analyst" | "admin";
            /** Scopes */
            scopes: ("read" | "export" | "run" | "manage")[];
            /**
             * Session
             * @description Whether it came by a browser's session, which can be signed out.
             */
            session: boolean;
        };
        /**
         * ModelEntry
         * @description One model that opens by name here without a download.
         */
        ModelEntry: {
            /** Bytes */
            bytes: number | null;
            /** Family */
            family: string;
            /** Layers */
            layers: number | null;
            /** Name */
            name: string;
            /** Parameters */
            parameters: number | null;
            /** Summary */
            summary: string;
            /** Title */
            title: string;
            /** Width */
            width: number | null;
        };
        /**
         * NewToken
         * @description A token that was made, with its secret, which is told this once.
         */
        NewToken: {
            /** Secret */
            secret: string;
            token: components["schemas"]["TokenEntry"];
        };
        /**
         * PartialEvent
         * @description There is an unfinished answer to look at, the ``number``-th of this job.
         */
        PartialEvent: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            event: "partial";
            /** Number */
            number: number;
        };
        /**
         * Plane
         * @description Which axes a view draws across and up, and which become sliders.
         */
        Plane: {
            /** Sliders */
            sliders: string[];
            /** X */
            x: string | null;
            /** Y */
            y: string | null;
        };
        /**
         * ProgressEvent
         * @description The job runs and has come this far.
         */
        ProgressEvent: {
            /** Done */
            done: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            event: "progress";
            /** Total */
            total: number | null;
            /** What */
            what: string;
        };
        /**
         * QueuedEvent
         * @description The job waits; position 1 is next.
         */
        QueuedEvent: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            event: "queued";
            /** Position */
            position: number;
        };
        /**
         * Result
         * @description Everything about a stored result but its values.
         */
        Result: {
            /** Analysis */
            analysis: string;
            /** Attrs */
            attrs: {
                [key: string]: unknown;
            };
            axes: components["schemas"]["Plane"];
            code: components["schemas"]["Code"];
            /** Coords */
            coords: {
                [key: string]: components["schemas"]["Coordinate"];
            };
            /** Digest */
            digest: string;
            /** Dims */
            dims: {
                [key: string]: number;
            };
            /**
             * Kind
             * @enum {string}
             */
            kind: "profile" | "grid" | "attention" | "tokens" | "ranking" | "points" | "matrix" | "graph" | "field" | "trajectory";
            /** Provenance */
            provenance: {
                [key: string]: unknown;
            };
            /** Title */
            title: string;
            /** Variables */
            variables: components["schemas"]["Variable"][];
            /**
             * Warning
             * @description Why the store could not keep it, where that is so.
             */
            warning: string | null;
        };
        /**
         * ResultEntry
         * @description One stored result, as a list shows it.
         */
        ResultEntry: {
            /** Analysis */
            analysis: string;
            /** Bytes */
            bytes: number;
            /** Created */
            created: string;
            /** Digest */
            digest: string;
            /**
             * Kind
             * @enum {string}
             */
            kind: "profile" | "grid" | "attention" | "tokens" | "ranking" | "points" | "matrix" | "graph" | "field" | "trajectory";
            /** Title */
            title: string;
        };
        /**
         * ResultEvent
         * @description The job is done; its result is in the store.
         */
        ResultEvent: {
            /** Digest */
            digest: string;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            event: "result";
        };
        /**
         * SessionEntry
         * @description One open session of a browser.
         */
        SessionEntry: {
            /**
             * Address
             * @description Where it signed in from.
             */
            address: string;
            /** Created */
            created: string;
            /** Expires */
            expires: string;
            /**
             * Here
             * @description Whether it is the session that asks.
             */
            here: boolean;
            /** Id */
            id: string;
            /** Last Used */
            last_used: string;
            /** Name */
            name: string;
            /**
             * Role
             * @enum {string}
             */
            role: "viewer" | "analyst" | "admin";
        };
        /**
         * SubjectForm
         * @description One subject of an analysis: what must be opened before the question can be asked.
         */
        SubjectForm: {
            /** Help */
            help: string;
            /** Name */
            name: string;
            /** Required */
            required: boolean;
            /** Type */
            type: string;
        };
        /**
         * TextToSplit
         * @description A text, and the model whose tokenizer splits it.
         */
        TextToSplit: {
            /** Model */
            model: string;
            /** Text */
            text: string;
        };
        /**
         * Token
         * @description One token: its number in the vocabulary and its exact surface text.
         */
        Token: {
            /** Id */
            id: number;
            /** Text */
            text: string;
        };
        /**
         * TokenEntry
         * @description One token without its secret.
         */
        TokenEntry: {
            /**
             * Created
             * @description ISO 8601 in UTC, as all times here.
             */
            created: string;
            /** Expires */
            expires: string | null;
            /** Id */
            id: string;
            /**
             * Last Used
             * @description To within a minute.
             */
            last_used: string | null;
            /**
             * Models
             * @description Pattern of the models that may be run; null for any.
             */
            models: string | null;
            /** Name */
            name: string;
            /** Revoked */
            revoked: string | null;
            /**
             * Role
             * @enum {string}
             */
            role: "viewer" | "analyst" | "admin";
            /** Scopes */
            scopes: ("read" | "export" | "run" | "manage")[];
            /**
             * State
             * @enum {string}
             */
            state: "active" | "expired" | "revoked";
        };
        /**
         * TokenWanted
         * @description A token to be made: a name, a role, and how far below the role it stays.
         */
        TokenWanted: {
            /**
             * Days
             * @description Days until it expires; never where it is left out.
             */
            days?: number | null;
            /**
             * Models
             * @description Pattern of names of models, such as builtin:*.
             */
            models?: string | null;
            /**
             * Name
             * @description 1 to 64 letters, digits, spaces and . _ @ -, unlike any active token's.
             */
            name: string;
            /**
             * Role
             * @default viewer
             * @enum {string}
             */
            role: "viewer" | "analyst" | "admin";
            /**
             * Scopes
             * @description All of the role's where it is left out.
             */
            scopes?: ("read" | "export" | "run" | "manage")[] | null;
        };
        /**
         * Tokens
         * @description The tokens of a text, and how many positions the model has.
         */
        Tokens: {
            /** N Positions */
            n_positions: number;
            /** Tokens */
            tokens: components["schemas"]["Token"][];
        };
        /**
         * Trouble
         * @description Why a request was refused, in one sentence.
         */
        Trouble: {
            /** Detail */
            detail: string;
        };
        /**
         * Values
         * @description A slice of one variable; what is not a finite number is null.
         */
        Values: {
            /** Axes */
            axes: string[];
            /** Coords */
            coords: {
                [key: string]: unknown[];
            };
            /** Shape */
            shape: number[];
            /**
             * Values
             * @description Nested lists in the order of the axes; a single value where none is left.
             */
            values: unknown;
            /** Variable */
            variable: string;
        };
        /**
         * Variable
         * @description One variable of a result: its axes in order, its unit, what it means, and its range.
         */
        Variable: {
            /** Axes */
            axes: string[];
            /** Dtype */
            dtype: string;
            /** Long Name */
            long_name: string;
            /** Maximum */
            maximum: number | null;
            /** Meaning */
            meaning: string;
            /** Minimum */
            minimum: number | null;
            /** Name */
            name: string;
            /** Units */
            units: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    list_audit: {
        parameters: {
            query?: {
                /** @description Only what this one did. */
                actor?: string | null;
                /** @description Only this, such as login or refused. */
                action?: string | null;
                /** @description Only rows below. */
                before?: number | null;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditPage"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
        };
    };
    verify_audit: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditVerdict"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
        };
    };
    list_sessions: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionEntry"][];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
        };
    };
    close_session: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionEntry"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
        };
    };
    list_tokens: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TokenEntry"][];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
        };
    };
    create_token: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TokenWanted"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewToken"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
        };
    };
    revoke_token: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                token_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TokenEntry"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
        };
    };
    list_analyses: {
        parameters: {
            query?: {
                /** @description What can be asked, or what makers can make. */
                sort?: "ask" | "make";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Form"][];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
        };
    };
    show_analysis: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Form"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
        };
    };
    ask_analysis: {
        parameters: {
            query?: {
                /** @description Seconds to wait for the answer. */
                wait?: number;
                /** @description Refuse with 429 rather than wait in the queue. */
                fail_if_busy?: boolean;
            };
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    [key: string]: unknown;
                };
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Result"];
                };
            };
            /** @description Not answered yet; the job is at Location. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Insufficient Storage */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
        };
    };
    show_health: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
        };
    };
    list_jobs: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"][];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
        };
    };
    show_job: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
        };
    };
    cancel_job: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
        };
    };
    follow_job: {
        parameters: {
            query?: never;
            header?: {
                /** @description Number of the last event heard. */
                "last-event-id"?: number;
            };
            path: {
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The data of each event. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": components["schemas"]["JobEvent"];
                };
            };
            /** @description Everything was heard, so there is nothing to come back for. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": components["schemas"]["Trouble"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": components["schemas"]["Trouble"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": components["schemas"]["Trouble"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": components["schemas"]["Trouble"];
                };
            };
        };
    };
    show_partial: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Result"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
        };
    };
    show_partial_figure: {
        parameters: {
            query?: {
                /** @description Which variable; the first unless you say. */
                variable?: string | null;
                theme?: "light" | "dark";
                /** @description Any axis by its name: an index, or a range such as 0:64 where ranges are read. */
                cuts?: {
                    [key: string]: string;
                };
            };
            header?: never;
            path: {
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Figure"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
        };
    };
    show_partial_values: {
        parameters: {
            query: {
                /** @description Which variable. */
                variable: string;
                /** @description How the values travel; raw numbers also where Accept asks for octets. */
                format?: ("json" | "binary") | null;
                /** @description What raw numbers are turned into; as they are stored unless you say. */
                dtype?: ("f16" | "f32" | "f64" | "i32") | null;
                /** @description Any axis by its name: an index, or a range such as 0:64 where ranges are read. */
                cuts?: {
                    [key: string]: string;
                };
            };
            header?: never;
            path: {
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description JSON, or raw little-endian numbers in the order of the axes, where headers tell x-neuronscope-dtype, -axes and -shape. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Values"];
                    "application/octet-stream": string;
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
        };
    };
    run_maker: {
        parameters: {
            query?: {
                /** @description Names the folder; a run unfinished there goes on. */
                called?: string | null;
                /** @description Seconds to wait for the answer. */
                wait?: number;
                /** @description Refuse with 429 rather than wait in the queue. */
                fail_if_busy?: boolean;
            };
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    [key: string]: unknown;
                };
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description Not answered yet; the job is at Location. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Insufficient Storage */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
        };
    };
    show_me: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
        };
    };
    list_models: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModelEntry"][];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
        };
    };
    list_prompts: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CommonPrompt"][];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
        };
    };
    list_results: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ResultEntry"][];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
        };
    };
    show_result: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                digest: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Result"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
        };
    };
    export_result: {
        parameters: {
            query: {
                format: "nc" | "zarr" | "csv" | "json" | "jsonl" | "npz" | "html" | "png" | "svg";
                /** @description Which variable a picture shows. */
                variable?: string | null;
                theme?: "light" | "dark";
                /** @description Any axis by its name: an index, or a range such as 0:64 where ranges are read. */
                cuts?: {
                    [key: string]: string;
                };
            };
            header?: never;
            path: {
                digest: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": string;
                    "application/jsonl": string;
                    "application/x-netcdf": string;
                    "application/x-npz": string;
                    "application/zip": string;
                    "image/png": string;
                    "image/svg+xml": string;
                    "text/csv": string;
                    "text/html": string;
                };
            };
            /** @description The file is the one that If-None-Match names. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
        };
    };
    show_figure: {
        parameters: {
            query?: {
                /** @description Which variable; the first unless you say. */
                variable?: string | null;
                theme?: "light" | "dark";
                /** @description Any axis by its name: an index, or a range such as 0:64 where ranges are read. */
                cuts?: {
                    [key: string]: string;
                };
            };
            header?: never;
            path: {
                digest: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Figure"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
        };
    };
    show_values: {
        parameters: {
            query: {
                /** @description Which variable. */
                variable: string;
                /** @description How the values travel; raw numbers also where Accept asks for octets. */
                format?: ("json" | "binary") | null;
                /** @description What raw numbers are turned into; as they are stored unless you say. */
                dtype?: ("f16" | "f32" | "f64" | "i32") | null;
                /** @description Any axis by its name: an index, or a range such as 0:64 where ranges are read. */
                cuts?: {
                    [key: string]: string;
                };
            };
            header?: never;
            path: {
                digest: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description JSON, or raw little-endian numbers in the order of the axes, where headers tell x-neuronscope-dtype, -axes and -shape. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Values"];
                    "application/octet-stream": string;
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
        };
    };
    list_subjects: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                type: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KnownName"][];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
        };
    };
    split_text: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TextToSplit"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tokens"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trouble"];
                };
            };
        };
    };
}
