# All that a person needs to type. `make` lists the targets.
PYTHON ?= $(shell command -v python3 || command -v python3.13 || command -v python3.12 || command -v python3.11 || echo python3)
CARGO  ?= cargo
VENV   := .local/venv
TEEI   := PYTHONPATH=localstack PYTHONDONTWRITEBYTECODE=1 CARGO='$(CARGO)' $(PYTHON) -m teei_local
STAGE  ?= prod

export AWS_LC_SYS_NO_JITTER_ENTROPY = 1

.DEFAULT_GOAL := help
# Texts nobody wrote rules with stand before the `--`.
LEARN_MODERATION := tests/eval/learn/moderation.jsonl tests/eval/learn/q2q.jsonl -- \
	tests/eval/moderation-cases.jsonl tests/eval/moderation-dev.jsonl tests/eval/moderation-functional.jsonl \
	tests/eval/moderation-ordinary.jsonl tests/eval/moderation-own.jsonl tests/eval/q2q-own.jsonl tests/eval/q2q-dev.jsonl
LEARN_Q2Q := tests/eval/learn/q2q.jsonl -- tests/eval/q2q-own.jsonl tests/eval/q2q-dev.jsonl

.PHONY: help up down clean reset samples status token logs invoke webhook acceptance psql testdb test test-fast lint fmt eval learn generate contracts contracts-release bench build deploy

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-18s %s\n", $$1, $$2 }'

up: ## build, start and deploy everything here, import the sample files, show the result
	@$(TEEI) up
down: ## end every process that `make up` started
	@$(TEEI) down
clean: ## down, and remove .local/ (environment, data, logs, keys)
	@$(TEEI) clean
reset: ## empty the running stack's data and load the seed again
	@$(TEEI) reset
samples: ## drop the sample files again and follow them
	@$(TEEI) samples
status: ## what runs, where, and its health
	@$(TEEI) status

token: ## print a token: ROLE=admin [SUBJECT=… COMPANY=<uuid> PROFILE=<uuid>]
	@$(TEEI) token --role '$(ROLE)' $(if $(SUBJECT),--subject '$(SUBJECT)') $(if $(COMPANY),--company '$(COMPANY)') $(if $(PROFILE),--profile '$(PROFILE)')
logs: ## follow the functions' logs: [FN=kintell-import]
	@$(TEEI) logs --fn '$(FN)'
invoke: ## send a function its sample from events/: FN=kintell-import [EVENT=file.json]
	@$(TEEI) invoke --fn '$(FN)' $(if $(EVENT),--event '$(EVENT)')
webhook: ## send a signed sample delivery of events/webhooks: SOURCE=kintell EVENT=session.completed [BAD=signature|old]
	@$(TEEI) webhook --source '$(SOURCE)' --event '$(EVENT)' --bad '$(BAD)'
acceptance: ## the six success criteria, each proven by a query on the running stack
	@$(TEEI) acceptance
psql: ## a prompt on the running database
	@$(TEEI) psql

test: ## all tests from nothing: unit, integration, process executor, end to end
	@$(TEEI) test
test-fast: ## unit and integration tests only
	@$(TEEI) test-fast
testdb: ## start a Postgres for `cargo test` and print its URL (for TEST_DATABASE_URL)
	@$(TEEI) testdb
lint: ## what CI refuses: format, clippy, contracts that break somebody, template, python
	@$(TEEI) venv
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	$(CARGO) run -q -p contract-check --locked -- check
	$(VENV)/bin/cfn-lint template.yaml events/consumer-example/template.yaml
	$(VENV)/bin/python -m compileall -q -x node_modules localstack/teei_local localstack/executor/src tests/e2e tests/browser
eval: ## how the text engines do on the labelled sets, for each language
	$(CARGO) run -q --release --locked -p moderation-engine --example moderation_eval -- tests/eval/moderation-*.jsonl tests/eval/held-out/moderation*.jsonl tests/eval/held-out/q2q*.jsonl
	$(CARGO) run -q --release --locked -p q2q-engine --example q2q_eval -- tests/eval/q2q-dev.jsonl
	$(CARGO) run -q --release --locked -p q2q-engine --example q2q_eval -- tests/eval/q2q-own.jsonl
	$(CARGO) run -q --release --locked -p q2q-engine --example q2q_eval -- tests/eval/held-out/q2q.jsonl
	$(CARGO) run -q --release --locked -p q2q-engine --example q2q_eval -- tests/eval/held-out/q2q-2.jsonl
learn: ## the engines' second opinion anew from the labelled texts (half a minute each)
	$(CARGO) run -q --release --locked -p moderation-engine --example moderation_learn -- $(LEARN_MODERATION)
	$(CARGO) run -q --release --locked -p q2q-engine --example q2q_learn -- $(LEARN_Q2Q)
fmt: ## format the Rust code
	$(CARGO) fmt --all
generate: ## refresh what is generated: contracts, AsyncAPI, OpenAPI, ER diagram
	@$(TEEI) generate
contracts: ## does a change of an event break a consumer? The smallest event that shows it, and who reads it
	@$(CARGO) run -q -p contract-check -- check
contracts-release: ## keep today's contract schemas as the next release; refused while one breaks somebody
	@$(CARGO) run -q -p contract-check -- release
bench: ## each binary's start, size and memory; a million rows imported, beside psql's \copy [TEEI_BENCH_ROWS=…]
	@$(TEEI) bench
	@$(TEEI) bench-load

build: ## build for AWS Lambda (cargo-lambda)
	@command -v cargo-lambda > /dev/null || { echo "teei: cargo-lambda is missing: pip install cargo-lambda==1.9.2, or see https://www.cargo-lambda.info" >&2; exit 1; }
	$(CARGO) lambda build --release --bins --workspace --exclude contract-check --exclude tests
deploy: build ## deploy to AWS with sam: STAGE=prod, further parameters are asked for once
	@command -v sam > /dev/null || { echo "teei: sam is missing: install the AWS SAM CLI, https://docs.aws.amazon.com/serverless-application-model" >&2; exit 1; }
	$(CARGO) run -q -p contract-check -- released
	sam deploy --template-file template.yaml --stack-name teei-$(STAGE) --capabilities CAPABILITY_IAM CAPABILITY_AUTO_EXPAND --resolve-s3 --parameter-overrides Stage=$(STAGE) $(PARAMETERS) $(if $(wildcard samconfig.toml),,--guided)
