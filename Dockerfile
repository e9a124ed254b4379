# The platform's image: code server, web server, daemon and MLflow's UI of docker-compose.yml.
FROM python:3.11-slim
WORKDIR /opt/tv5/app
RUN pip install --no-cache-dir uv
COPY pyproject.toml constraints.txt README.md ./
COPY tv5_assets tv5_assets
COPY notebooks notebooks
RUN uv pip install --system --compile-bytecode --no-cache -c constraints.txt -e '.[ui]' \
 && uv pip install --system --compile-bytecode --no-cache -c constraints.txt --no-deps mlflow
COPY dagster.yaml workspace.yaml ./
COPY docker docker
RUN mkdir -p /opt/tv5/home/dagster && ln -s /opt/tv5/app/dagster.yaml /opt/tv5/home/dagster/dagster.yaml
