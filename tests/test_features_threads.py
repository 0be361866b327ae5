"""One BLAS thread for as long as it is asked for, and no longer."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from threadpoolctl import threadpool_info, threadpool_limits

from mmrec_course.features.threads import single_threaded_blas


def blas_threads() -> set[int]:
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


def test_one_thread_lasts_as_long_as_it_is_asked_for() -> None:
    with threadpool_limits(2, user_api="blas"):
        before = blas_threads()
        with single_threaded_blas():
            assert blas_threads() == {1}
            with single_threaded_blas():
                assert blas_threads() == {1}
            assert blas_threads() == {1}
        assert blas_threads() == before


def test_threads_that_overlap_leave_the_thread_count_alone() -> None:
    entered, left = Barrier(2), Barrier(2)

    def leave_first() -> None:
        with single_threaded_blas():
            entered.wait(60)
        left.wait(60)

    def leave_last() -> None:
        with single_threaded_blas():
            entered.wait(60)
            left.wait(60)

    before = blas_threads()
    with ThreadPoolExecutor(2) as pool:
        for run in [pool.submit(leave_first), pool.submit(leave_last)]:
            run.result(60)
    assert blas_threads() == before
