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
    "/api/v1/admin/memory": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show Memory
         * @description Return what the server holds, and the models that it keeps open.
         */
        get: operations["show_memory"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/memory/close": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Close Model
         * @description Close a model; a question that uses it goes on, and the next one opens it again.
         */
        post: operations["close_model"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/monitors": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Monitors
         * @description Return the rules as they were written, where each stands, and what can be watched.
         */
        get: operations["list_monitors"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/monitors/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Put Monitor
         * @description Add a rule or change the one of this name, and write the file; addresses stay those of the file.
         */
        put: operations["put_monitor"];
        post?: never;
        /**
         * Remove Monitor
         * @description Take a rule out and write the file; its history stays.
         */
        delete: operations["remove_monitor"];
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
    "/api/v1/alerts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Alerts
         * @description Return every rule and where it stands, those that fire first.
         */
        get: operations["list_alerts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alerts/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Check Alerts
         * @description Look now; models are asked at the end of the queue, and their alerts say ``checking`` until then.
         */
        post: operations["check_alerts"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alerts/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Alert History
         * @description Return what happened to alerts, newest first; ``before`` of a reply asks for the page after.
         */
        get: operations["list_alert_history"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alerts/{rule}/acknowledge": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Acknowledge Alert
         * @description Note that somebody has seen an alert; it goes on until its value is back.
         */
        post: operations["acknowledge_alert"];
        delete?: never;
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
         *     Where the analysis has a model, ``device``, ``dtype`` and ``do``, a list of interventions, may stand
         *     beside the arguments.
         */
        post: operations["ask_analysis"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/capabilities": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show Capabilities
         * @description Say what the server can do and, of a model that is open, which analyses and sites it has.
         *
         *     Opens no model: one that is not open says so, and opens with the first question about it.
         */
        get: operations["show_capabilities"];
        put?: never;
        post?: never;
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
    "/api/v1/recipes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Recipes
         * @description Return the recipes that ship with the package.
         */
        get: operations["list_recipes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/recipes/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Check Step
         * @description Hold a step's answer against its checks.
         */
        post: operations["check_step"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/recipes/fill": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Fill Step
         * @description Return a step's question with parameters and earlier answers put in.
         */
        post: operations["fill_step"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/recipes/read": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Read Recipe
         * @description Read a recipe of one's own; a fault is told in one sentence.
         */
        post: operations["read_recipe"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/recipes/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show Recipe
         * @description Return one recipe by its name.
         */
        get: operations["show_recipe"];
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
         * @description Return what the store holds, newest first; x-neuronscope-total tells how many there are in all.
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
    "/api/v1/results/{digest}/children": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Children
         * @description Return the results that were made from a result, newest first.
         */
        get: operations["list_children"];
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
         *     The same digest gives the same bytes; ranges of them may be asked for. Pictures take axes as the figure
         *     does.
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
    "/api/v1/results/{digest}/frames": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Replay Frames
         * @description Replay a stored generation as the frames that were seen live; no model is opened.
         */
        get: operations["replay_frames"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/results/{digest}/notebook": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show Notebook
         * @description Return a notebook that asks the same question again and shows the answer.
         */
        get: operations["show_notebook"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/results/{digest}/parents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Parents
         * @description Return the results that a result was made from, as far as the store has them.
         */
        get: operations["list_parents"];
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
    "/api/v1/streams": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Open Stream
         * @description Let a model write and stream what every neuron does, token by token, the prompt's first.
         *
         *     The stream is a job beside the questions, which go on meanwhile. A few run at once, further ones wait
         *     their turn, and each ends as the result of `generation`.
         */
        post: operations["open_stream"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/streams/{stream_id}/control": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Control Stream
         * @description Pause a stream, let it go on or one token further, end it, or steer it from the next token on.
         */
        post: operations["control_stream"];
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
         *
         *     Who may not run questions may not have a model opened for this either: it must be open already.
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
         * Ability
         * @description One analysis, and why it would refuse this model, where that is known.
         */
        Ability: {
            /** Name */
            name: string;
            /** Reason */
            reason: string | null;
        };
        /**
         * Alert
         * @description One rule and where it stands.
         */
        Alert: {
            /** Acknowledged */
            acknowledged: string | null;
            /** Acknowledged By */
            acknowledged_by: string | null;
            /**
             * Checking
             * @description Whether the model is being asked now.
             */
            checking: boolean;
            /** Clear */
            clear: number;
            /**
             * Metric
             * @enum {string}
             */
            metric: "drift" | "dead_share" | "divergence" | "failed_jobs" | "queue_length" | "disk_free" | "memory";
            /** Model */
            model: string | null;
            /**
             * Note
             * @description More about the last reading, or why there is none.
             */
            note: string;
            /** Paused */
            paused: boolean;
            /**
             * Read
             * @description When the value was last looked at.
             */
            read: string | null;
            /** Rule */
            rule: string;
            /**
             * Severity
             * @enum {string}
             */
            severity: "notice" | "warning" | "critical";
            /**
             * Since
             * @description Since when it stands so, ISO 8601 in UTC; null from the start.
             */
            since: string | null;
            /**
             * State
             * @enum {string}
             */
            state: "calm" | "pending" | "firing";
            /**
             * Text
             * @description Where it stands, in a sentence.
             */
            text: string;
            /** Threshold */
            threshold: number;
            /** Unit */
            unit: string;
            /** Value */
            value: number | null;
        };
        /**
         * AlertEvent
         * @description One thing that happened to an alert.
         */
        AlertEvent: {
            /**
             * Actor
             * @description Who did it, where a person did.
             */
            actor: string | null;
            /**
             * Delivery
             * @description What became of the message to the webhook, where there is one.
             */
            delivery: string | null;
            /**
             * Event
             * @enum {string}
             */
            event: "fired" | "cleared" | "acknowledged" | "removed";
            /** Number */
            number: number;
            /** Rule */
            rule: string;
            /**
             * Severity
             * @enum {string}
             */
            severity: "notice" | "warning" | "critical";
            /** Text */
            text: string;
            /** Threshold */
            threshold: number | null;
            /** Time */
            time: string;
            /** Value */
            value: number | null;
        };
        /**
         * AlertHistory
         * @description What happened to alerts, newest first, and the ``before`` that gives the page after.
         */
        AlertHistory: {
            /**
             * Before
             * @description Null on the last page.
             */
            before: number | null;
            /** Rows */
            rows: components["schemas"]["AlertEvent"][];
        };
        /**
         * Alerts
         * @description Every rule and where it stands, those that fire first.
         */
        Alerts: {
            /** Alerts */
            alerts: components["schemas"]["Alert"][];
            /** Firing */
            firing: number;
            /**
             * Trouble
             * @description What is wrong with the rules file, where something is.
             */
            trouble: string | null;
        };
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
         * Block
         * @description One array of a payload: its axes, its shape, and where it begins.
         */
        Block: {
            /** Axes */
            axes: string[];
            /**
             * Dtype
             * @enum {string}
             */
            dtype: "int8" | "uint16" | "uint32" | "float16" | "float32";
            /** Name */
            name: string;
            /**
             * Offset
             * @description First byte in the payload, a multiple of eight.
             */
            offset: number;
            /** Shape */
            shape: number[];
        };
        /**
         * CancelledEvent
         * @description The job was cancelled.
         */
        CancelledEvent: {
            /**
             * Digest
             * @description What it had, stored as the answer to a smaller question.
             */
            digest?: string | null;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            event: "cancelled";
        };
        /**
         * Candidate
         * @description One token that might come next, and how probable the model finds it.
         */
        Candidate: {
            /** Id */
            id: number;
            /** Probability */
            probability: number;
            /** Text */
            text: string;
        };
        /**
         * Capabilities
         * @description What the server can do, and what one model can.
         */
        Capabilities: {
            /** Build */
            build: string;
            /** Devices */
            devices: string[];
            /** Extras */
            extras: components["schemas"]["Extra"][];
            model: components["schemas"]["ModelAbilities"] | null;
            /** Version */
            version: string;
        };
        /**
         * CheckVerdict
         * @description A check that was met or missed: the number, and what to think.
         */
        CheckVerdict: {
            /** Met */
            met: boolean;
            /** Value */
            value: number | null;
            /** Words */
            words: string;
        };
        /**
         * CheckedStep
         * @description What a step's answer says, and which of its pictures the recipe shows.
         */
        CheckedStep: {
            /** Show */
            show: components["schemas"]["StepPicture"][];
            /** Verdicts */
            verdicts: components["schemas"]["CheckVerdict"][];
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
         * ControlBody
         * @description What a stream is to do.
         */
        ControlBody: {
            /**
             * Action
             * @enum {string}
             */
            action: "pause" | "resume" | "step" | "stop" | "steer";
            /**
             * Do
             * @description Interventions in force from the next token on, to steer.
             * @default []
             */
            do: string[];
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
         * EndFrame
         * @description How the stream ended, and where it is kept.
         */
        EndFrame: {
            /**
             * Arguments
             * @description What was really done, as a question to `generation`.
             */
            arguments: {
                [key: string]: unknown;
            };
            /**
             * Digest
             * @description Digest of the stored result.
             */
            digest: string | null;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            kind: "end";
            /**
             * Reason
             * @enum {string}
             */
            reason: "length" | "stop" | "stopped";
            /**
             * Seconds
             * @description How long the model wrote; null in a replay.
             */
            seconds: number | null;
            /**
             * Warning
             * @description Why it could not be kept, where that is so.
             */
            warning?: string | null;
            /** Written */
            written: number;
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
         * ErrorFrame
         * @description Why the stream broke off.
         */
        ErrorFrame: {
            /** Detail */
            detail: string;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            kind: "error";
            /** Status */
            status: number;
        };
        /**
         * Extra
         * @description Something that may be installed beside the package, and what it is good for.
         */
        Extra: {
            /** Installed */
            installed: boolean;
            /** Name */
            name: string;
            /** Summary */
            summary: string;
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
         * FilledStep
         * @description A question that is ready to be asked.
         */
        FilledStep: {
            /** Analysis */
            analysis: string;
            /** Arguments */
            arguments: {
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
             * @description Empty for a maker, which makes files.
             */
            kind: ("profile" | "grid" | "attention" | "tokens" | "ranking" | "points" | "matrix" | "graph" | "field" | "trajectory") | "";
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
         * Frame
         * @description The header of one frame, told apart by ``kind``.
         */
        Frame: components["schemas"]["StartFrame"] | components["schemas"]["TokenFrame"] | components["schemas"]["EndFrame"] | components["schemas"]["ErrorFrame"];
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
         * Memory
         * @description What the server holds, and the models that it keeps open.
         */
        Memory: {
            /** Disk Free Bytes */
            disk_free_bytes: number;
            /** Machine Bytes */
            machine_bytes: number;
            /** Models */
            models: components["schemas"]["OpenModel"][];
            /** Process Bytes */
            process_bytes: number;
            /** Store Bytes */
            store_bytes: number;
        };
        /**
         * MetricHelp
         * @description One thing that can be watched, and what a rule about it must or may say.
         */
        MetricHelp: {
            /**
             * Above
             * @description Whether high values are bad; else low ones are.
             */
            above: boolean;
            /** Help */
            help: string;
            /**
             * Name
             * @enum {string}
             */
            name: "drift" | "dead_share" | "divergence" | "failed_jobs" | "queue_length" | "disk_free" | "memory";
            /** Needs */
            needs: string[];
            /** Takes */
            takes: string[];
            /** Title */
            title: string;
            /** Unit */
            unit: string;
        };
        /**
         * ModelAbilities
         * @description What one model can be asked; only its name is known of a model that is not open.
         */
        ModelAbilities: {
            /** Analyses */
            analyses: components["schemas"]["Ability"][];
            /** Family */
            family: string | null;
            /** Name */
            name: string;
            /** Open */
            open: boolean;
            /**
             * Sites
             * @description Null until its first answer, which certifies them.
             */
            sites: components["schemas"]["SiteVerdict"][] | null;
            /**
             * Stream
             * @description Whether it can be watched while it writes.
             */
            stream: boolean | null;
            /** Tokenizer */
            tokenizer: boolean | null;
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
         * MonitorRule
         * @description A rule as it was written, where it stands, and its last readings.
         */
        MonitorRule: {
            alert: components["schemas"]["Alert"];
            /**
             * Readings
             * @description The last ones, oldest first.
             */
            readings: components["schemas"]["PastReading"][];
            rule: components["schemas"]["Rule"];
        };
        /**
         * Monitors
         * @description All that is watched, and what could be.
         */
        Monitors: {
            /**
             * Check Minutes
             * @description How often models are asked; 0: only when somebody wants it.
             */
            check_minutes: number;
            /**
             * File
             * @description Where the rules are kept on the server.
             */
            file: string;
            /** Metrics */
            metrics: components["schemas"]["MetricHelp"][];
            /** Rules */
            rules: components["schemas"]["MonitorRule"][];
            /** Trouble */
            trouble: string | null;
            /** Webhooks */
            webhooks: string[];
            /**
             * Written
             * @description Whether the file is there; else the rules are those that ship.
             */
            written: boolean;
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
         * OpenModel
         * @description One model that is open.
         */
        OpenModel: {
            /**
             * Busy
             * @description Whether a question about it runs or waits.
             */
            busy: boolean;
            /** Bytes */
            bytes: number;
            /** Device */
            device: string;
            /** Dtype */
            dtype: string;
            /** Last Used */
            last_used: string;
            /** Model */
            model: string;
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
         * PastReading
         * @description One value that was read; null where it was no finite number.
         */
        PastReading: {
            /** Time */
            time: string;
            /** Value */
            value: number | null;
        };
        /**
         * Piece
         * @description One token of the text.
         */
        Piece: {
            /** Id */
            id: number;
            /** Text */
            text: string;
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
         * Recipe
         * @description A guided chain of questions, and the text that says it.
         */
        Recipe: {
            /** Name */
            name: string;
            /** Parameters */
            parameters: {
                [key: string]: unknown;
            };
            /** Prose */
            prose: string;
            /** Steps */
            steps: components["schemas"]["RecipeStep"][];
            /** Summary */
            summary: string;
            /** Text */
            text: string;
            /** Title */
            title: string;
        };
        /**
         * RecipeStep
         * @description One step: what it asks or makes, why, what it needs, and how many checks it has.
         */
        RecipeStep: {
            /**
             * Arguments
             * @description As written, with braces.
             */
            arguments: {
                [key: string]: unknown;
            };
            /** Checks */
            checks: number;
            /** Does */
            does: string;
            /** Name */
            name: string;
            /**
             * Needs
             * @description Earlier steps that it builds on.
             */
            needs: string[];
            /** Prose */
            prose: string;
            /** Sort */
            sort: string;
        };
        /**
         * RecipeText
         * @description A recipe of one's own.
         */
        RecipeText: {
            /**
             * Text
             * @description A recipe in YAML.
             */
            text: string;
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
             * @description Empty where its axes tell of none.
             */
            kind: ("profile" | "grid" | "attention" | "tokens" | "ranking" | "points" | "matrix" | "graph" | "field" | "trajectory") | "";
            /**
             * Models
             * @description Names of its models.
             */
            models: string[];
            /**
             * Parents
             * @description Digests of the results that it was made from.
             */
            parents: string[];
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
         * Rule
         * @description When a metric is an alert, how long it must be, when it no longer is, and who is told.
         */
        Rule: {
            /**
             * Baseline
             * @description Digest of a stored neuron_statistics.
             */
            baseline?: string | null;
            /**
             * Clear
             * @description Back at this it is none any more; a fifth off the threshold where it is left out.
             */
            clear?: number | null;
            /**
             * For Seconds
             * @description How long it must be beyond, unbroken.
             * @default 0
             */
            for_seconds: number;
            /**
             * Metric
             * @enum {string}
             */
            metric: "drift" | "dead_share" | "divergence" | "failed_jobs" | "queue_length" | "disk_free" | "memory";
            /**
             * Model
             * @description Which model is watched.
             */
            model?: string | null;
            /**
             * N Tokens
             * @description Tokens of the corpus to read; 2,048 where it is left out.
             */
            n_tokens?: number | null;
            /** Name */
            name: string;
            /**
             * Paused
             * @default false
             */
            paused: boolean;
            /**
             * Reference
             * @description Model to diverge from.
             */
            reference?: string | null;
            /**
             * Severity
             * @default warning
             * @enum {string}
             */
            severity: "notice" | "warning" | "critical";
            /**
             * Shift
             * @description Standard deviations of the baseline; 0.5 where it is left out.
             */
            shift?: number | null;
            /**
             * Threshold
             * @description Beyond this it is an alert.
             */
            threshold: number;
            /**
             * Webhook
             * @description Name of a webhook of the rules file that is told.
             */
            webhook?: string | null;
            /**
             * Window Minutes
             * @description How far back to look; 60 where it is left out.
             */
            window_minutes?: number | null;
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
         * SiteVerdict
         * @description One named place inside a model: exact, reduced or refused, and why.
         */
        SiteVerdict: {
            /** Name */
            name: string;
            /** Reason */
            reason: string;
            /** Status */
            status: string;
        };
        /**
         * StartFrame
         * @description What is about to be seen: the model, the prompt, and the question that gives the same once more.
         */
        StartFrame: {
            /**
             * Arguments
             * @description The question to the analysis `generation`.
             */
            arguments: {
                [key: string]: unknown;
            };
            /** Detail */
            detail: string;
            /**
             * Do
             * @description Interventions in force at the start.
             */
            do: string[];
            /** Fingerprint */
            fingerprint: string;
            /** Heads */
            heads: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            kind: "start";
            /**
             * Label
             * @description Which of several streams side by side this is.
             */
            label: string;
            /** Layers */
            layers: number;
            /** Model */
            model: string;
            /**
             * N Tokens
             * @description How many tokens the model may write.
             */
            n_tokens: number;
            /** Neurons */
            neurons: number;
            /** Prompt */
            prompt: components["schemas"]["Piece"][];
            /**
             * Recorded
             * @description Whether every token is kept on disk as it comes.
             */
            recorded: boolean;
            /**
             * Replayed
             * @description Digest of the result that is replayed.
             */
            replayed: string | null;
            /**
             * Sites
             * @description What is read at every token.
             */
            sites: string[];
            /**
             * Stream
             * @description Id for the control of the stream; empty in a replay.
             */
            stream: string;
        };
        /**
         * StepPicture
         * @description What of an answer is drawn: a variable, the first where it is empty, at indexes.
         */
        StepPicture: {
            /** At */
            at: {
                [key: string]: number;
            };
            /** Variable */
            variable: string;
        };
        /**
         * StepToCheck
         * @description A step of a recipe and the digest of its answer.
         */
        StepToCheck: {
            /** Digest */
            digest: string;
            /**
             * Given
             * @default {}
             */
            given: {
                [key: string]: unknown;
            };
            /** Step */
            step: string;
            /**
             * Text
             * @description A recipe in YAML.
             */
            text: string;
        };
        /**
         * StepToFill
         * @description A step of a recipe, with changed parameters and the answers of earlier steps by digest.
         */
        StepToFill: {
            /**
             * Answers
             * @default {}
             */
            answers: {
                [key: string]: string;
            };
            /**
             * Given
             * @default {}
             */
            given: {
                [key: string]: unknown;
            };
            /** Step */
            step: string;
            /**
             * Text
             * @description A recipe in YAML.
             */
            text: string;
        };
        /**
         * StreamBody
         * @description What a model is to go on from, how, and what of it is to be seen.
         */
        StreamBody: {
            /**
             * Candidates
             * @description How many of the likeliest next tokens to tell at each token.
             * @default 5
             */
            candidates: number;
            /**
             * Detail
             * @description How activations are kept: in 127 steps of each layer's largest, in half or single precision, or each layer's 32 strongest alone.
             * @default int8
             * @enum {string}
             */
            detail: "int8" | "f16" | "f32" | "top";
            /**
             * Device
             * @default cpu
             */
            device: string;
            /**
             * Do
             * @description Interventions, as they are written.
             * @default []
             */
            do: string[];
            /**
             * Dtype
             * @default float32
             */
            dtype: string;
            /**
             * Label
             * @description Tells streams side by side apart.
             * @default
             */
            label: string;
            /** Model */
            model: string;
            /**
             * N Tokens
             * @description How many tokens the model may write; its own end comes first.
             * @default 32
             */
            n_tokens: number;
            /**
             * Patterns
             * @description Keep whom every head attends to from each token, in half precision.
             * @default false
             */
            patterns: boolean;
            /**
             * Paused
             * @description Wait for resume or step before the first token.
             * @default false
             */
            paused: boolean;
            /**
             * Prompt
             * @description Text to run through the model.
             * @example Paris is in
             */
            prompt: string;
            /**
             * Record
             * @description Store it as the result of `generation`; else nothing is kept.
             * @default true
             */
            record: boolean;
            /**
             * Seed
             * @description What chance is drawn from; the same seed, the same draw.
             * @default 0
             */
            seed: number;
            /**
             * Stop
             * @description Texts of single tokens that end what is written, besides the model's own end.
             * @default []
             */
            stop: string[];
            /**
             * Temperature
             * @description What scores are divided by before a token is drawn; 0 takes the likeliest token.
             * @default 0
             */
            temperature: number;
            /**
             * Top P
             * @description Draw among the fewest likeliest tokens that hold this probability together; 1 is all.
             * @default 1
             */
            top_p: number;
        };
        /**
         * StreamState
         * @description What a stream was last told to do.
         */
        StreamState: {
            /** Id */
            id: string;
            /** Job */
            job: string;
            /**
             * State
             * @enum {string}
             */
            state: "running" | "paused" | "stopped";
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
         * ToCheck
         * @description Which rules to look into now; all of them where none are named.
         */
        ToCheck: {
            /** Rules */
            rules?: string[] | null;
        };
        /**
         * ToClose
         * @description A model to be closed.
         */
        ToClose: {
            /**
             * Device
             * @default cpu
             */
            device: string;
            /**
             * Dtype
             * @default float32
             */
            dtype: string;
            /** Model */
            model: string;
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
         * TokenFrame
         * @description One token that was read or written, and what the model computed as it read it.
         */
        TokenFrame: {
            /** Blocks */
            blocks: components["schemas"]["Block"][];
            /**
             * Entropy
             * @description Uncertainty about the token that follows, in nats.
             */
            entropy: number;
            /** Id */
            id: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            kind: "token";
            /**
             * Log Probability
             * @description What the model gave it beforehand, in nats; null for the first.
             */
            log_probability: number | null;
            /** Next */
            next: components["schemas"]["Candidate"][];
            /** Position */
            position: number;
            /** Text */
            text: string;
            /**
             * Written
             * @description Whether the model wrote it; else it is of the prompt.
             */
            written: boolean;
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
            /**
             * Site
             * @description Which place in the model a cell is, such as z.{layer}.{head}; or empty.
             */
            site: string;
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
    show_memory: {
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
                    "application/json": components["schemas"]["Memory"];
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
    close_model: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ToClose"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Memory"];
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
    list_monitors: {
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
                    "application/json": components["schemas"]["Monitors"];
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
    put_monitor: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Rule"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MonitorRule"];
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
    remove_monitor: {
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
    list_alerts: {
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
                    "application/json": components["schemas"]["Alerts"];
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
    check_alerts: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ToCheck"];
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Alerts"];
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
    list_alert_history: {
        parameters: {
            query?: {
                /** @description Only what happened to this rule. */
                rule?: string | null;
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
                    "application/json": components["schemas"]["AlertHistory"];
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
    acknowledge_alert: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                rule: string;
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
                    "application/json": components["schemas"]["Alert"];
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
    show_capabilities: {
        parameters: {
            query?: {
                /** @description A model that is open here, by its name. */
                model?: string | null;
                device?: string;
                dtype?: string;
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
                    "application/json": components["schemas"]["Capabilities"];
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
                /** @description Names the folder; an unfinished run there goes on. */
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
    list_recipes: {
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
                    "application/json": components["schemas"]["Recipe"][];
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
    check_step: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StepToCheck"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CheckedStep"];
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
    fill_step: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StepToFill"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FilledStep"];
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
    read_recipe: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RecipeText"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Recipe"];
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
    show_recipe: {
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
                    "application/json": components["schemas"]["Recipe"];
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
    list_results: {
        parameters: {
            query?: {
                /** @description How many at most. */
                limit?: number;
                /** @description Go on after the result of this digest. */
                before?: string | null;
                /** @description Of this analysis alone. */
                analysis?: string | null;
                /** @description Of this model alone, by its name. */
                model?: string | null;
                /** @description Whose titles hold these words, in any order. */
                text?: string | null;
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
    list_children: {
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
            /** @description The range of the file that Range asks for. */
            206: {
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
    replay_frames: {
        parameters: {
            query?: {
                /** @description First position. */
                start?: number;
                /** @description Position to end before; all unless you say. */
                end?: number | null;
            };
            header?: never;
            path: {
                digest: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Frames: u32 header length, u32 payload length, a JSON header of this shape padded with spaces to a multiple of eight bytes, then the arrays that its blocks name. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/vnd.neuronscope.frames": components["schemas"]["Frame"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/vnd.neuronscope.frames": components["schemas"]["Trouble"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/vnd.neuronscope.frames": components["schemas"]["Trouble"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/vnd.neuronscope.frames": components["schemas"]["Trouble"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/vnd.neuronscope.frames": components["schemas"]["Trouble"];
                };
            };
        };
    };
    show_notebook: {
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
            /** @description The notebook. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/x-ipynb+json": Record<string, never>;
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
    list_parents: {
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
    open_stream: {
        parameters: {
            query?: {
                /** @description Refuse with 429 rather than wait in the queue. */
                fail_if_busy?: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StreamBody"];
            };
        };
        responses: {
            /** @description Frames: u32 header length, u32 payload length, a JSON header of this shape padded with spaces to a multiple of eight bytes, then the arrays that its blocks name. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/vnd.neuronscope.frames": components["schemas"]["Frame"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/vnd.neuronscope.frames": components["schemas"]["Trouble"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/vnd.neuronscope.frames": components["schemas"]["Trouble"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/vnd.neuronscope.frames": components["schemas"]["Trouble"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/vnd.neuronscope.frames": components["schemas"]["Trouble"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/vnd.neuronscope.frames": components["schemas"]["Trouble"];
                };
            };
        };
    };
    control_stream: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                stream_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ControlBody"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StreamState"];
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
