"""One module a command of `tooltune`, each a straight line of the pipeline's stages; `run` is the pipeline itself."""
