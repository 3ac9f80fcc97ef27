# The public names, once: type checkers read this file, and `lazy_loader` reads it on import.
from .classifiers.discriminant import ShrunkDiscriminant as ShrunkDiscriminant
from .classifiers.dnn import DNNClassifier as DNNClassifier
from .classifiers.dnn import WhitenedDNN as WhitenedDNN
from .classifiers.svm import RBFSVM as RBFSVM
from .corpora import Corpus as Corpus
from .corpora import Vectors as Vectors
from .corpora import read_audb as read_audb
from .corpora import read_audformat as read_audformat
from .corpora import read_corpus as read_corpus
from .corpora import read_iemocap as read_iemocap
from .corpora import read_named as read_named
from .corpora import read_table_corpus as read_table_corpus
from .corpora import read_tabular as read_tabular
from .corpora.check import check_audio as check_audio
from .corpora.emodb import load_emodb as load_emodb
from .corpora.emodb import read_emodb as read_emodb
from .errors import AdanError as AdanError
from .features import FeatureSet as FeatureSet
from .features import extract as extract
from .features import features_of as features_of
from .features.embeddings import embed as embed
from .features.embeddings import embeddings_of as embeddings_of
from .recognition.recognizer import EmotionRecognizer as EmotionRecognizer
from .synthesis.aae import AdversarialAutoencoder as AdversarialAutoencoder
from .synthesis.adan import ADAN as ADAN
from .synthesis.base import Synthesizer as Synthesizer
from .synthesis.base import fit_all as fit_all
from .synthesis.borrowing import BorrowedSpread as BorrowedSpread
from .synthesis.cvae import ConditionalVAE as ConditionalVAE
from .synthesis.diffusion import LatentDiffusion as LatentDiffusion
from .synthesis.duplication import Duplication as Duplication
from .synthesis.gan import ConditionalGAN as ConditionalGAN
from .synthesis.gaussian import ClassGaussian as ClassGaussian
from .synthesis.mixup import ClassMixup as ClassMixup
from .synthesis.noise import AdditiveNoise as AdditiveNoise
from .synthesis.registry import synthesizer as synthesizer
from .synthesis.sampler import SyntheticOverSampler as SyntheticOverSampler
from .synthesis.sequential import SequentialADAN as SequentialADAN
from .synthesis.smote import SMOTE as SMOTE
from .synthesis.transfer import TransferADAN as TransferADAN
from .synthesis.wasserstein import WassersteinADAN as WassersteinADAN

__all__: list[str]
__version__: str
