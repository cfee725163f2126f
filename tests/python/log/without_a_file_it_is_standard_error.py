import logging
import cloison.log
logging.getLogger().addHandler(cloison.log.Handler())
logging.error('x')
